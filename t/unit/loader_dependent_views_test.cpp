// The text of a view's definition with another relation in it.
#include "mirror/dependent_views.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

std::string replaced(const std::string& definition, const std::string& alias = {}) {
  return with_relation(definition, "t__g3", "t", alias);
}

START_TEST(a_relation_is_replaced_wherever_it_is_named) {
  same_text(replaced("SELECT t.a FROM mirror.t__g3 t;"), "SELECT t.a FROM mirror.t t;");
  same_text(replaced("FROM (mirror.t__g3 a JOIN mirror.t__g3 b ON (a.x = b.x))"),
            "FROM (mirror.t a JOIN mirror.t b ON (a.x = b.x))");
  same_text(replaced("SELECT t__g3.a FROM mirror.t__g3", "t__g3"), "SELECT t__g3.a FROM mirror.t t__g3");
}
END_TEST

START_TEST(other_names_and_texts_stay) {
  for (const char* text :
       {"FROM mirror.t__g30 t", "FROM xmirror.t__g3", "FROM mirror.t__g3x", "SELECT 'mirror.t__g3'",
        "SELECT 'it''s mirror.t__g3 '", "SELECT 1 AS \"mirror.t__g3\"", "FROM \"mirror\".t__g3",
        "SELECT 'open mirror.t__g3", "FROM x.mirror.t__g3", "", "FROM mirror.t__g"})
    same_text(replaced(text), text);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_dependent_views", a_relation_is_replaced_wherever_it_is_named,
                other_names_and_texts_stay);
