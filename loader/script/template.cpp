#include "script/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/near_name.hpp"
#include "base/text_position.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "script/expression_reader.hpp"
#include "script/list_padding.hpp"
#include "script/markup.hpp"
#include "script/placeholder_reader.hpp"
#include "script/scope.hpp"

namespace tablegate::loader {
namespace {

using TokenKind = MarkupToken::Kind;

// A text of SQL that is written beside others: nothing of it becomes a part of a word there.
std::string apart_from_words(std::string text) {
  const auto separates = [](char c) {
    return std::string_view(" \t\r\n\f\v,()").find(c) != std::string_view::npos;
  };
  if (text.empty()) return text;
  if (!separates(text.front())) text.insert(0, " ");
  if (!separates(text.back())) text += ' ';
  return text;
}

class TemplateReader {
 public:
  TemplateReader(const ScriptInput& input, std::vector<ScriptFault>& faults)
      : faults_(input.text, faults),
        markup_(input.text, faults_),
        scope_(input.parameters, input.paginates),
        placeholders_(scope_, faults_) {
    next_ = markup_.next();
  }

  ScriptTemplate read() {
    core::Nodes nodes = content(nullptr, 0);
    if (!failed() && next_.kind == TokenKind::close) {
      faults_.add(next_.at, fmt::format("</{0}> closes nothing: there is no <{0}> before it", next_.name));
      stop();
    }
    return {std::move(nodes), scope_.unread()};
  }

 private:
  bool failed() const { return failed_ || markup_.failed(); }
  void stop() {
    failed_ = true;
    next_ = {};
  }
  MarkupToken take() {
    MarkupToken token = std::move(next_);
    next_ = failed() ? MarkupToken{} : markup_.next();
    for (const std::string& name : markup_.bound_names()) scope_.misplaced(name);
    return token;
  }

  // Up to the tag that closes `tag`, or to the end of the script; that tag is not taken.
  core::Nodes content(const MarkupToken* tag, size_t depth) {
    core::Nodes nodes;
    while (!failed() && next_.kind != TokenKind::end && next_.kind != TokenKind::close) {
      MarkupToken token = take();
      if (token.kind == TokenKind::text) {
        const bool ends_loop = next_.kind == TokenKind::close && tag != nullptr && tag->name == "foreach";
        text(std::move(token.text), ends_loop, nodes);
      } else {
        element(token, depth + 1, nodes);
      }
    }
    pad_lists(nodes);
    return nodes;
  }

  // Words are not joined across tags, as MyBatis does not join them. The space is where the `<` is.
  void text(SourceText source, bool ends_loop, core::Nodes& nodes) {
    const bool open = std::string_view(" \t\r\n\f\v,(").find(source.text.back()) == std::string_view::npos;
    if (open && !ends_loop && next_.kind != TokenKind::end) source.add(' ', next_.at);
    placeholders_.read(source, nodes);
  }

  // `tag` was taken. Takes what closes it.
  void element(const MarkupToken& tag, size_t depth, core::Nodes& nodes) {
    if (depth > kMaxTagDepth) {
      faults_.add(tag.at, fmt::format("tags are nested more than {} levels deep", kMaxTagDepth));
      return stop();
    }
    if (tag.name == "if") {
      core::IfNode node = condition(tag, depth);
      if (!node.then.empty()) nodes.push_back({std::move(node)});
    } else if (tag.name == "choose") {
      choose(tag, depth, nodes);
    } else if (tag.name == "where") {
      known_attributes(tag, {});
      core::WhereNode node{inner(tag, depth)};
      if (!node.content.empty()) nodes.push_back({std::move(node)});
    } else if (tag.name == "trim") {
      trim(tag, depth, nodes);
    } else if (tag.name == "foreach") {
      each(tag, depth, nodes);
    } else {
      faults_.add(tag.at, fmt::format("<{}> is within <choose> alone", tag.name));
      inner(tag, depth);
    }
  }

  core::Nodes inner(const MarkupToken& tag, size_t depth) {
    if (tag.empty) return {};
    core::Nodes nodes = content(&tag, depth);
    close(tag);
    return nodes;
  }

  void close(const MarkupToken& tag) {
    if (failed()) return;
    if (next_.kind == TokenKind::end) {
      faults_.add(tag.at, fmt::format("<{0}> is not closed: write </{0}>", tag.name));
      return stop();
    }
    if (next_.name != tag.name) {
      faults_.add(next_.at, fmt::format("</{}> is where </{}> is expected", next_.name, tag.name));
      return stop();
    }
    take();
  }

  void known_attributes(const MarkupToken& tag, const std::vector<std::string>& names) {
    for (const MarkupAttribute& one : tag.attributes) {
      if (std::find(names.begin(), names.end(), one.name) != names.end()) continue;
      faults_.add(one.at, fmt::format("<{}> has no attribute \"{}\"{}", tag.name, one.name.substr(0, 40),
                                      did_you_mean(one.name.substr(0, 40), names)));
    }
  }

  // An attribute without a value counts as none.
  const MarkupAttribute* required(const MarkupToken& tag, std::string_view name, std::string_view example) {
    const MarkupAttribute* const found = tag.attribute(name);
    if (found != nullptr && !found->value.blank()) return found;
    faults_.add(tag.at, fmt::format("<{}> requires {}=\"{}\"", tag.name, name, example));
    return nullptr;
  }

  core::IfNode condition(const MarkupToken& tag, size_t depth) {
    known_attributes(tag, {"test"});
    count_condition(tag);
    core::IfNode node;
    node.condition.test.emplace();
    if (const MarkupAttribute* const test = required(tag, "test", "name != null")) {
      std::optional<ExpressionFault> fault;
      node.condition.test = read_expression(test->value.text, scope_, fault);
      if (fault) faults_.add(test->value.place(fault->offset), fault->text);
    }
    node.then = inner(tag, depth);
    return node;
  }

  void count_condition(const MarkupToken& tag) {
    if (++conditions_ <= kMaxConditions) return;
    faults_.add(tag.at, fmt::format("a script has at most {} tags that decide something", kMaxConditions));
    stop();
  }

  void choose(const MarkupToken& tag, size_t depth, core::Nodes& nodes) {
    known_attributes(tag, {});
    core::ChooseNode node;
    bool otherwise = false;
    while (!failed() && !tag.empty && next_.kind != TokenKind::end && next_.kind != TokenKind::close) {
      const MarkupToken one = take();
      if (one.kind == TokenKind::text) {
        if (!one.text.blank())
          faults_.add(one.text.place(one.text.text.find_first_not_of(" \t\r\n\f\v")),
                      "<choose> has only <when> and <otherwise> in it: write the text within them");
      } else if (depth == kMaxTagDepth || (one.name != "when" && one.name != "otherwise")) {
        if (depth != kMaxTagDepth)
          faults_.add(one.at,
                      fmt::format("<choose> has only <when> and <otherwise> in it, no <{}>", one.name));
        core::Nodes unused;
        element(one, depth + 1, unused);
      } else if (one.name == "when") {
        if (otherwise) faults_.add(one.at, "<otherwise> is the last one in its <choose>");
        node.whens.push_back(condition(one, depth + 1));
      } else {
        if (std::exchange(otherwise, true)) faults_.add(one.at, "<choose> has one <otherwise>");
        known_attributes(one, {});
        node.otherwise = inner(one, depth + 1);
      }
    }
    if (!tag.empty) close(tag);
    if (failed()) return;
    if (node.whens.empty()) return faults_.add(tag.at, "<choose> requires a <when test=\"name != null\">");
    nodes.push_back({std::move(node)});
  }

  // The text of an attribute; empty if the tag does not have it.
  std::string attribute(const MarkupToken& tag, std::string_view name) {
    const MarkupAttribute* const found = tag.attribute(name);
    if (found == nullptr) return {};
    placeholders_.check_plain(found->value, fmt::format("{} of <{}>", name, tag.name));
    return found->value.text;
  }

  // "AND |OR": words, with `|` between them.
  std::vector<std::string> overrides(const MarkupToken& tag, std::string_view name) {
    std::vector<std::string> words;
    const MarkupAttribute* const found = tag.attribute(name);
    if (found == nullptr) return words;
    if (found->value.text.find_first_of("$#{}") != std::string::npos)
      faults_.add(found->at, fmt::format("{} of <{}> has words alone", name, tag.name));
    std::string_view rest = found->value.text;
    while (!rest.empty()) {
      const size_t bar = std::min(rest.find('|'), rest.size());
      const std::string_view word = core::trimmed(rest.substr(0, bar), " \t\r\n\f\v");
      if (!word.empty()) words.emplace_back(word);
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    if (words.empty()) faults_.add(found->at, fmt::format("{} of <{}> has no word", name, tag.name));
    return words;
  }

  void trim(const MarkupToken& tag, size_t depth, core::Nodes& nodes) {
    known_attributes(tag, {"prefix", "suffix", "prefixOverrides", "suffixOverrides"});
    core::TrimNode node;
    node.prefix = attribute(tag, "prefix");
    node.suffix = attribute(tag, "suffix");
    node.prefix_overrides = overrides(tag, "prefixOverrides");
    node.suffix_overrides = overrides(tag, "suffixOverrides");
    node.content = inner(tag, depth);
    if (!node.content.empty()) nodes.push_back({std::move(node)});
  }

  // The name of a loop's item or index; empty if it has none.
  std::string loop_name(const MarkupToken& tag, std::string_view name) {
    const MarkupAttribute* const found = tag.attribute(name);
    if (found == nullptr) return {};
    const std::string_view text = core::trimmed(found->value.text, " \t\r\n\f\v");
    const bool good = !text.empty() && text.size() <= 64 && !core::is_digit(text.front()) &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) { return core::is_letter(c) || core::is_digit(c) || c == '_'; });
    if (!good)
      faults_.add(found->at, fmt::format("{} of <foreach> is a name of letters, digits and _", name));
    return good ? std::string(text) : std::string();
  }

  void each(const MarkupToken& tag, size_t depth, core::Nodes& nodes) {
    const std::vector<std::string> names = {"collection", "item", "index", "open", "close", "separator"};
    known_attributes(tag, names);
    // itm="id": the name is meant, and its uses are no faults of their own.
    for (const MarkupAttribute& one : tag.attributes)
      if (std::find(names.begin(), names.end(), one.name) == names.end())
        scope_.misplaced(std::string(core::trimmed(one.value.text, " \t\r\n\f\v")));
    count_condition(tag);
    core::ForeachNode node;
    if (const MarkupAttribute* const list = required(tag, "collection", "ids")) collection(*list, node);
    node.open = apart_from_words(attribute(tag, "open"));
    node.close = apart_from_words(attribute(tag, "close"));
    node.separator = apart_from_words(attribute(tag, "separator"));
    if (node.separator.empty()) node.separator = " ";
    if (node.close.empty()) node.close = " ";
    std::string item = loop_name(tag, "item");
    std::string index = loop_name(tag, "index");
    if (!item.empty() && item == index) faults_.add(tag.at, "item and index of <foreach> have the same name");
    if (scope_.loops() == core::kMaxLoops) {
      faults_.add(tag.at, fmt::format("<foreach> is nested more than {} levels deep", core::kMaxLoops));
      return stop();
    }
    scope_.enter(std::move(item), std::move(index));
    node.content = inner(tag, depth);
    scope_.leave();
    if (lacks_parentheses(nodes, node, next_.text.text))
      faults_.add(tag.at, "<foreach> after IN requires open=\"(\" and close=\")\"");
    if (!node.content.empty()) nodes.push_back({std::move(node)});
  }

  void collection(const MarkupAttribute& list, core::ForeachNode& node) {
    const std::string_view name = core::trimmed(list.value.text, " \t\r\n\f\v");
    const std::optional<ScopeName> meaning = scope_.find(name);
    if (meaning && meaning->list) {
      node.parameter = meaning->place;
    } else if (meaning) {
      faults_.add(list.at, fmt::format("\"{}\" is no list: <foreach> requires a parameter of a list type "
                                       "(STRING_LIST, LONG_LIST, ...)",
                                       name));
    } else {
      faults_.add(list.at, scope_.unknown(name, "collection is the name of a list parameter"));
    }
  }

  ScriptFaults faults_;
  Markup markup_;
  Scope scope_;
  PlaceholderReader placeholders_;
  MarkupToken next_;
  size_t conditions_ = 0;
  bool failed_ = false;
};

}  // namespace

ScriptFault fault_at(const std::string& text, size_t offset, std::string reason) {
  const TextPosition at = text_position(text, offset);
  return {at.line, at.column, std::move(reason)};
}

ScriptTemplate read_template(const ScriptInput& input, std::vector<ScriptFault>& faults) {
  if (input.text.size() > kMaxScriptSize) {
    faults.push_back(
        {0, 0, fmt::format("the script has {} bytes, more than {}", input.text.size(), kMaxScriptSize)});
    return {};
  }
  if (const size_t zero = input.text.find('\0'); zero != std::string::npos) {
    faults.push_back(fault_at(input.text, zero, "a script has no NUL bytes"));
    return {};
  }
  if (!core::valid_text(input.text)) {
    faults.push_back({0, 0, "the script is not valid UTF-8"});
    return {};
  }
  ScriptTemplate out = TemplateReader(input, faults).read();
  std::stable_sort(faults.begin(), faults.end(), [](const ScriptFault& a, const ScriptFault& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  return out;
}

}  // namespace tablegate::loader
