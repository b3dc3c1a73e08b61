// What advised() adds to PostgreSQL's message about a script's statement: the parameter
// at the place with its type, quotes and operators of other databases.
#include "compile/prepare_advice.hpp"

#include <string>
#include <vector>

#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

const std::string kHint =
    " (No operator matches the given name and argument types. You might need to add explicit type casts.)";

RequestParameter parameter(const std::string& name, const std::string& type, bool list = false) {
  RequestParameter out;
  out.name = name;
  out.type = type;
  out.list = list;
  return out;
}

// `^` in `sql`: the place. $1 is sku, a STRING; $2 is skus, a STRING_LIST; $3 is an item of skus; $4 the
// number of a round of a foreach.
std::string advised_of(std::string sql, const std::string& message, const std::string& state = "42883") {
  const size_t at = sql.find('^');
  sql.erase(at, 1);
  const std::vector<PathValue> values = {{0, {}, {}}, {1, {}, {}}, {1, 0, {}}, {1, {}, "1"}};
  const std::vector<RequestParameter> parameters = {parameter("sku", "STRING"),
                                                    parameter("skus", "STRING", true)};
  return advised(DatabaseError(state, message), sql, at, values, parameters);
}

}  // namespace

START_TEST(a_parameter_of_another_type) {
  const std::string plain = "operator does not exist: bigint = text";
  const std::string one = "; parameter sku is STRING: set its type to LONG, or write CAST(${sku} AS bigint)";
  const std::string list = "; parameter skus is STRING_LIST: set its type to LONG_LIST, or write a cast";
  same_text(advised_of("a ^= $1", plain + kHint), plain + one);
  same_text(advised_of("$1 ^= a", "operator does not exist: text = bigint" + kHint),
            "operator does not exist: text = bigint" + one);
  same_text(advised_of("a ^= ANY($2)", plain + kHint), plain + list);
  same_text(advised_of("a ^<> ALL( $2)", plain + kHint), plain + list);
  same_text(advised_of("a ^IN ($3, $3)", plain + kHint), plain + list);
  same_text(advised_of("a ^NOT IN ($3)", plain + kHint), plain + list);
  same_text(advised_of("a ^BETWEEN $1 AND b", "operator does not exist: date >= text" + kHint),
            "operator does not exist: date >= text; parameter sku is STRING: set its type to DATE, or write "
            "CAST(${sku} AS "
            "date)");
  same_text(
      advised_of("a ^= $2", "operator does not exist: bigint = text[]" + kHint),
      "operator does not exist: bigint = text[]; parameter skus is a list: write IN (${skus}), and set its "
      "type to LONG_LIST");
  same_text(
      advised_of("a ^= $1", "operator does not exist: inet = text" + kHint),
      "operator does not exist: inet = text; parameter sku is STRING: set another type, or write a cast");
  same_text(advised_of("LIMIT ^$1", "argument of LIMIT must be type bigint, not type text", "42804"),
            "argument of LIMIT must be type bigint, not type text" + one);
}
END_TEST

START_TEST(other_places_keep_the_message) {
  const std::string plain = "operator does not exist: bigint = text" + kHint;
  for (const char* sql :
       {"a ^= b", "a ^= $1::text", "a ^= lower($1)", "a ^= $4", "a ^= $9", "a ^=", "^", "a ^= $"})
    same_text(advised_of(sql, plain), plain);
  same_text(advised_of("^x = $1", "column \"x\" does not exist", "42703"), "column \"x\" does not exist");
}
END_TEST

START_TEST(texts_and_names) {
  same_text(advised_of("a = ^\"R001\"", "column \"R001\" does not exist", "42703"),
            "column \"R001\" does not exist; write 'R001' for a text: names alone are in double quotes");
  same_text(advised_of("a LIKE '%' ^+ $1 + '%'", "operator does not exist: unknown + text" + kHint),
            "operator does not exist: unknown + text; write || to join texts");
  same_text(advised_of("a ^LIKE $1", "operator does not exist: bigint ~~ text" + kHint),
            "operator does not exist: bigint ~~ text; LIKE compares texts: write COLUMN::text LIKE");
}
END_TEST

TABLEGATE_SUITE("loader_prepare_advice", a_parameter_of_another_type, other_places_keep_the_message,
                texts_and_names);
