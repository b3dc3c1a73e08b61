#include "script/sql_compared.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace tablegate::loader {

namespace {

// Kinds of A_Expr that compare; AEXPR_OP does with some operators.
constexpr std::array<std::string_view, 12> kComparisons = {
    "AEXPR_OP_ANY",  "AEXPR_OP_ALL",      "AEXPR_DISTINCT",    "AEXPR_NOT_DISTINCT",
    "AEXPR_IN",      "AEXPR_LIKE",        "AEXPR_ILIKE",       "AEXPR_SIMILAR",
    "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN", "AEXPR_BETWEEN_SYM", "AEXPR_NOT_BETWEEN_SYM"};
constexpr std::array<std::string_view, 15> kSigns = {"=",  "<>",  "<",  "<=",  ">",   ">=",   "~", "~*",
                                                     "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "^@"};
// A text that they are given is still the caller's text.
constexpr std::array<std::string_view, 8> kOfText = {"lower", "upper",  "btrim",       "ltrim",
                                                     "rtrim", "concat", "like_escape", "similar_to_escape"};

template <size_t N>
bool has_name_in(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What an operand is made of. The greater one counts.
enum class Made : uint8_t { of_constants, of_placeholders, of_more };

class Operands {
 public:
  Made add(const JsonValue& value) {
    if (value.IsArray()) {
      Made made = Made::of_constants;
      for (const JsonValue& item : value.GetArray()) made = std::max(made, add(item));
      return made;
    }
    const SqlNode node = parse_node(value);
    if (node.members == nullptr) return Made::of_more;
    const JsonValue& members = *node.members;
    if (node.kind == "ParamRef") {
      if (first_ == nullptr) first_ = &members;
      return Made::of_placeholders;
    }
    if (node.kind == "A_Const") return Made::of_constants;
    if (node.kind == "TypeCast" || node.kind == "CollateClause") return member(members, "arg");
    if (node.kind == "RowExpr") return member(members, "args");
    if (node.kind == "A_ArrayExpr") return member(members, "elements");
    if (node.kind == "CoalesceExpr") return member(members, "args");
    if (node.kind == "A_Expr" && json_member(members, "kind") == "AEXPR_OP" &&
        last_name(members, "name") == "||")
      return std::max(member(members, "lexpr"), member(members, "rexpr"));
    if (node.kind == "FuncCall" && has_name_in(kOfText, last_name(members, "funcname")))
      return member(members, "args");
    return Made::of_more;
  }

  const JsonValue* first() const { return first_; }

 private:
  Made member(const JsonValue& members, const char* name) {
    const auto found = members.FindMember(name);
    return found == members.MemberEnd() ? Made::of_constants : add(found->value);
  }

  static std::string_view last_name(const JsonValue& members, const char* name) {
    const SqlItems names = sql_items(members, name);
    return names.empty() ? std::string_view{} : sql_text(*(names.end() - 1));
  }

  const JsonValue* first_ = nullptr;
};

// Whether each of the values of IN and BETWEEN has a placeholder.
bool each_of_placeholders(const JsonValue& side, Operands& operands) {
  const SqlNode list = side.IsObject() ? parse_node(side) : SqlNode{};
  if (list.kind != "List") return operands.add(side) == Made::of_placeholders;
  const SqlItems items = sql_items(*list.members, "items");
  return std::all_of(items.begin(), items.end(), [&operands](const JsonValue& item) {
    return operands.add(item) == Made::of_placeholders;
  });
}

bool compares(const JsonValue& expression) {
  const std::string kind = json_member(expression, "kind");
  if (has_name_in(kComparisons, kind)) return true;
  const SqlItems names = sql_items(expression, "name");
  return kind == "AEXPR_OP" && !names.empty() && has_name_in(kSigns, sql_text(*(names.end() - 1)));
}

}  // namespace

const JsonValue* compared_placeholder(const JsonValue& expression) {
  const auto left = expression.FindMember("lexpr"), right = expression.FindMember("rexpr");
  if (left == expression.MemberEnd() || right == expression.MemberEnd() || !compares(expression))
    return nullptr;
  Operands operands;
  return operands.add(left->value) == Made::of_placeholders && each_of_placeholders(right->value, operands)
             ? operands.first()
             : nullptr;
}

}  // namespace tablegate::loader
