#include "script/list_padding.hpp"

#include <string>
#include <string_view>
#include <variant>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kSpaces = " \t\r\n\f\v";

// Of a node that is text, without the white space around it; empty for others.
std::string_view trimmed_sql(const core::Node& node) {
  const auto* const text = std::get_if<core::TextNode>(&node.is);
  return text == nullptr ? std::string_view() : core::trimmed(text->sql, kSpaces);
}

bool is_blank_text(const core::Node& node) {
  return std::holds_alternative<core::TextNode>(node.is) && trimmed_sql(node).empty();
}

bool ends_in_word_in(std::string_view sql) {
  if (sql.size() < 2 || core::to_lower(sql.substr(sql.size() - 2)) != "in") return false;
  if (sql.size() == 2) return true;
  const char before = sql[sql.size() - 3];
  return kSpaces.find(before) != std::string_view::npos || before == ')' || before == '"';
}

// Its content is one item and nothing else.
bool is_one_item(const core::Nodes& content) {
  size_t items = 0;
  for (const core::Node& node : content) {
    if (is_blank_text(node)) continue;
    const auto* const item = std::get_if<core::ItemNode>(&node.is);
    if (item == nullptr || item->level != 0) return false;
    ++items;
  }
  return items == 1;
}

bool may_pad(const core::ForeachNode& each, std::string_view before, std::string_view after) {
  if (core::trimmed(each.separator, kSpaces) != "," || !is_one_item(each.content)) return false;
  const std::string_view open = core::trimmed(each.open, kSpaces);
  const std::string_view close = core::trimmed(each.close, kSpaces);
  if (open == "(" && close == ")") return ends_in_word_in(before);
  if (!open.empty() || !close.empty() || before.empty() || before.back() != '(') return false;
  return !after.empty() && after.front() == ')' &&
         ends_in_word_in(core::trimmed_end(before.substr(0, before.size() - 1), kSpaces));
}

// Its first node is a tag, which may write anything.
bool begins_with_tag(const core::Nodes& content) {
  return !content.empty() && (std::holds_alternative<core::IfNode>(content.front().is) ||
                              std::holds_alternative<core::ChooseNode>(content.front().is) ||
                              std::holds_alternative<core::TrimNode>(content.front().is));
}

}  // namespace

bool lacks_parentheses(const core::Nodes& before, const core::ForeachNode& each, std::string_view after) {
  size_t place = before.size();
  while (place > 0 && is_blank_text(before[place - 1])) --place;
  if (place == 0 || !ends_in_word_in(trimmed_sql(before[place - 1])) || begins_with_tag(each.content))
    return false;
  const std::string_view first =
      each.content.empty() ? std::string_view() : trimmed_sql(each.content.front());
  const bool opens = each.open.find('(') != std::string::npos || first.substr(0, 1) == "(";
  const bool closes =
      each.close.find(')') != std::string::npos || core::trimmed(after, kSpaces).substr(0, 1) == ")";
  return !opens || !closes;
}

void pad_lists(core::Nodes& nodes) {
  for (size_t place = 0; place < nodes.size(); ++place) {
    auto* const each = std::get_if<core::ForeachNode>(&nodes[place].is);
    if (each == nullptr) continue;
    size_t before = place;
    while (before > 0 && is_blank_text(nodes[before - 1])) --before;
    size_t after = place + 1;
    while (after < nodes.size() && is_blank_text(nodes[after])) ++after;
    each->pad = may_pad(*each, before > 0 ? trimmed_sql(nodes[before - 1]) : std::string_view(),
                        after < nodes.size() ? trimmed_sql(nodes[after]) : std::string_view());
  }
}

}  // namespace tablegate::loader
