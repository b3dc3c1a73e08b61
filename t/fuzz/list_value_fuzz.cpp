// A list parameter in each place of a request. The first byte chooses the type,
// the second one the place, the rest is the query, form, JSON body, header values
// (one a line) or path segment. The items are found again by a second, simpler
// reader, and the array that is bound is read back as PostgreSQL reads arrays.
#include <jansson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/call/list_value.hpp"
#include "core/manifest/manifest_object.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;
using tablegate::fuzz::next_line;
using tablegate::fuzz::plain_decode;

namespace {

using Items = std::vector<std::string>;

constexpr std::array<std::pair<ParameterType, ColumnType>, 9> kTypes = {
    {{ParameterType::string, ColumnType::text},
     {ParameterType::int_, ColumnType::int2},
     {ParameterType::long_, ColumnType::int8},
     {ParameterType::double_, ColumnType::float8},
     {ParameterType::decimal, ColumnType::numeric},
     {ParameterType::boolean, ColumnType::boolean},
     {ParameterType::date, ColumnType::date},
     {ParameterType::datetime, ColumnType::timestamp},
     {ParameterType::datetime, ColumnType::timestamptz}}};

enum class Where : uint8_t { query, form, json, header, path };

class HeaderLines final : public HeaderSource {
 public:
  explicit HeaderLines(std::string_view text) : text_(text) {}
  void visit(Visitor& visitor) const override {
    for (std::string_view rest = text_; !rest.empty();) visitor.header("P", next_line(rest));
  }

 private:
  std::string_view text_;
};

void split(const std::string& text, Items& out) {
  size_t at = 0;
  for (size_t comma = text.find(','); comma != std::string::npos; comma = text.find(',', at)) {
    out.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  out.push_back(text.substr(at));
}

std::string without_blanks(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// False: there is an encoding fault. `given`: the parameter occurs.
bool items_of_pairs(std::string_view pairs, Items& out, bool& given) {
  while (!pairs.empty()) {
    const std::string_view pair = pairs.substr(0, pairs.find('&'));
    pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
    const size_t sign = pair.find('=');
    std::string name, value;
    if (!plain_decode(pair.substr(0, sign), name) || name != "p") continue;
    given = true;
    if (sign != std::string_view::npos && !plain_decode(pair.substr(sign + 1), value)) return false;
    split(value, out);
  }
  return true;
}

JsonPtr parse(std::string_view text) {
  json_error_t error;
  return JsonPtr(json_loadb(text.data(), text.size(), JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error));
}

// False: a value of the wrong kind.
bool items_of_json(std::string_view text, ParameterType type, Items& out, bool& given) {
  const JsonPtr json = parse(text);
  const json_t* value = json_object_get(json.get(), "p");
  given = value != nullptr && !json_is_null(value);
  if (!given) return true;
  const auto good = [type](const json_t* one) {
    const bool truth = type == ParameterType::boolean;
    return json_is_string(one) || (json_is_number(one) && (is_number(type) || truth)) ||
           (json_is_boolean(one) && truth);
  };
  // The text of a number is not known to jansson: it stays empty.
  const auto text_of = [](const json_t* one) {
    if (json_is_boolean(one)) return std::string(json_is_true(one) ? "true" : "false");
    return json_is_string(one) ? std::string(json_string_value(one), json_string_length(one)) : std::string();
  };
  if (!json_is_array(value)) {
    if (!good(value)) return false;
    split(text_of(value), out);
    return true;
  }
  for (size_t i = 0; i < json_array_size(value); ++i) {
    if (!good(json_array_get(value, i))) return false;
    out.push_back(text_of(json_array_get(value, i)));
  }
  return true;
}

// As PostgreSQL reads an array of one dimension (manual, 8.15.2, and array_in).
Items read_array(std::string_view text) {
  Items out;
  INVARIANT(text.size() >= 2 && text.front() == '{' && text.back() == '}');
  text = text.substr(1, text.size() - 2);
  for (size_t at = 0; at < text.size();) {
    std::string item;
    const bool quoted = text[at] == '"';
    if (quoted) ++at;
    while (at < text.size() && text[at] != (quoted ? '"' : ',')) {
      if (text[at] == '\\') ++at;
      INVARIANT(at < text.size());
      INVARIANT(quoted || std::strchr("{}\"\\ \t\n", text[at]) == nullptr);
      item += text[at++];
    }
    INVARIANT(quoted || !item.empty());
    if (quoted) INVARIANT(at++ < text.size());
    out.push_back(item);
    if (at == text.size()) break;
    INVARIANT(text[at] == ',' && at + 1 < text.size());
    ++at;
  }
  return out;
}

// What the second reader finds; nothing: the request is to be rejected.
std::optional<Items> expected(Where where, std::string_view text, ParameterType type, bool& given) {
  Items items;
  given = true;
  switch (where) {
    case Where::query:
    case Where::form:
      given = false;
      if (!items_of_pairs(text, items, given)) return std::nullopt;
      break;
    case Where::json:
      if (!items_of_json(text, type, items, given)) return std::nullopt;
      break;
    case Where::header:
      given = !text.empty();
      while (!text.empty()) {
        Items parts;
        split(std::string(next_line(text)), parts);
        for (const std::string& part : parts) items.push_back(without_blanks(part));
      }
      break;
    case Where::path: {
      std::string segment(text);
      std::replace(segment.begin(), segment.end(), '\0', '/');
      given = !segment.empty();
      split(segment, items);
      break;
    }
  }
  return items;
}

// An API with one list parameter, and a request that has `text` in its place.
class Case {
 public:
  Case(std::pair<ParameterType, ColumnType> types, Where where, std::string_view text)
      : headers_(text),
        body_{where == Where::json ? Body::Kind::json : Body::Kind::form, text},
        path_("/" + std::string(text)) {
    api_.method = "POST";
    Parameter& parameter = api_.parameters.emplace_back();
    parameter.name = "p";
    parameter.type = types.first;
    parameter.column_type = types.second;
    parameter.list = true;
    parameter.required = false;
    switch (where) {
      case Where::query:
        request_.query = text;
        break;
      case Where::header:
        parameter.place = ParameterPlace::header;
        request_.headers = &headers_;
        break;
      case Where::path:
        parameter.place = ParameterPlace::path;
        api_.path_segments = {"{p}"};
        api_.has_path_parameters = true;
        request_.path = path_;
        break;
      case Where::form:
      case Where::json:
        parameter.place = ParameterPlace::body;
        api_.reads_body = true;
        request_.body = &body_;
        break;
    }
  }

  const Parameter& parameter() const { return api_.parameters[0]; }
  Problem bind(Arena& arena, BoundValues& bound) const {
    return bind_parameters(api_, request_, arena, bound);
  }

 private:
  Api api_;
  RequestData request_;
  HeaderLines headers_;
  Body body_;
  std::string path_;
};

// That a request was rejected with a cause.
void check_rejected(const Problem& problem, const Parameter& parameter, const std::optional<Items>& items) {
  INVARIANT(problem.slug == Slug::invalid_parameter && problem.subject == "p" && !problem.detail.empty());
  bool all_good = items && items->size() <= kMaxListItems;
  for (const std::string& item : items.value_or(Items())) {
    BlockArena arena;
    std::string_view detail;
    all_good = all_good && check_value(parameter, item, arena, detail).data() != nullptr;
  }
  INVARIANT(!all_good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto types = kTypes[data[0] % kTypes.size()];
  const auto where = static_cast<Where>(data[1] % 5);
  std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (where == Where::path) std::replace(text.begin(), text.end(), '/', '\0');
  const Case one(types, where, text);
  BlockArena arena;
  BoundValues bound;
  const Problem problem = one.bind(arena, bound);
  if (problem.slug == Slug::invalid_body) {
    INVARIANT(where == Where::json);
    return 0;
  }
  // Numbers beyond a double, which core keeps as text.
  if (where == Where::json && !parse(text)) return 0;
  bool given = false;
  const std::optional<Items> items = expected(where, text, types.first, given);
  if (problem) {
    check_rejected(problem, one.parameter(), items);
    return 0;
  }
  INVARIANT((bound.values[0] != nullptr) == given);
  if (!given) return 0;
  INVARIANT(items && items->size() <= kMaxListItems && bound.items[0].count == items->size());
  const Items array = read_array(bound.values[0]);
  INVARIANT(array.size() == items->size());
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string& item = (*items)[i];
    INVARIANT(array[i] == bound.items[0].items[i] && valid_text(array[i]));
    const bool number_of_json = where == Where::json && item.empty();
    INVARIANT(number_of_json || array[i].compare(0, item.size(), item) == 0);
    INVARIANT(number_of_json || array[i].size() == item.size() || types.second == ColumnType::timestamptz);
  }
  return 0;
}
