#include "script/mapper_parameters.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text/ascii.hpp"
#include "script/markup.hpp"
#include "script/source_text.hpp"

namespace tablegate::loader {
namespace {

// Types of JDBC and of Java, in lower case.
constexpr std::pair<std::string_view, std::string_view> kGuessedTypes[] = {
    {"bigint", "LONG"},
    {"long", "LONG"},
    {"java.lang.long", "LONG"},
    {"integer", "INT"},
    {"int", "INT"},
    {"smallint", "INT"},
    {"tinyint", "INT"},
    {"java.lang.integer", "INT"},
    {"decimal", "DECIMAL"},
    {"numeric", "DECIMAL"},
    {"java.math.bigdecimal", "DECIMAL"},
    {"bigdecimal", "DECIMAL"},
    {"double", "DOUBLE"},
    {"float", "DOUBLE"},
    {"java.lang.double", "DOUBLE"},
    {"real", "FLOAT"},
    {"boolean", "BOOLEAN"},
    {"bit", "BOOLEAN"},
    {"java.lang.boolean", "BOOLEAN"},
    {"date", "DATE"},
    {"timestamp", "DATETIME"}};

// Empty: it is none of them.
std::string guessed_type(std::string_view text) {
  std::string lower = core::to_lower(text);
  if (!lower.empty() && lower.front() == '_') lower.erase(0, 1);
  for (const auto& [known, type] : kGuessedTypes) {
    if (lower == known) return std::string(type);
  }
  return {};
}

bool is_guessed_name(char c) {
  return core::is_letter(c) || core::is_digit(c) || c == '_';
}

class ParameterGuesses {
 public:
  void read(const std::string& script) {
    find_bound(script);
    std::vector<ScriptFault> unused;
    ScriptFaults faults(script, unused);
    Markup markup(script, faults);
    for (MarkupToken token = markup.next(); token.kind != MarkupToken::Kind::end; token = markup.next()) {
      if (token.kind == MarkupToken::Kind::text) {
        placeholders(token.text.text);
      } else if (token.kind == MarkupToken::Kind::open) {
        if (const MarkupAttribute* const test = token.attribute("test")) names_of_test(test->value.text);
        if (token.name == "foreach" && !token.empty) enter(token);
      } else if (token.name == "foreach" && !loops_.empty()) {
        loops_.pop_back();
      }
    }
  }

  std::vector<RequestParameter> take(const std::string& type) {
    if (found_.size() == 1 && found_[0].type.empty()) found_[0].type = guessed_type(type);
    for (RequestParameter& one : found_) {
      if (one.type.empty()) one.type = "STRING";
    }
    return std::move(found_);
  }

 private:
  struct Loop {
    std::string item, index, list;
  };

  static std::string_view bound_name(std::string_view content) {
    return core::trimmed(content.substr(0, content.find_first_of(",[")), " \t\r\n");
  }

  void find_bound(const std::string& script) {
    for (size_t at = script.find('{'); at != std::string::npos; at = script.find('{', at + 1)) {
      if (at == 0 || (script[at - 1] != '$' && script[at - 1] != '#')) continue;
      const size_t end = std::min(script.find('}', at), script.size());
      bound_.emplace(bound_name(std::string_view(script).substr(at + 1, end - at - 1)));
    }
  }

  RequestParameter& parameter(std::string_view name) {
    const auto known = std::find_if(found_.begin(), found_.end(),
                                    [&](const RequestParameter& one) { return one.name == name; });
    if (known != found_.end()) return *known;
    found_.emplace_back();
    found_.back().name = name;
    return found_.back();
  }

  void enter(const MarkupToken& tag) {
    const auto value = [&tag](std::string_view name) {
      const MarkupAttribute* const found = tag.attribute(name);
      return found == nullptr ? std::string() : std::string(core::trimmed(found->value.text, " \t\r\n"));
    };
    loops_.push_back({value("item"), value("index"), value("collection")});
    if (!loops_.back().list.empty()) parameter(loops_.back().list).list = true;
  }

  // The loop that has the name; null: none.
  const Loop* loop_of(std::string_view name) const {
    for (auto loop = loops_.rbegin(); loop != loops_.rend(); ++loop) {
      if (loop->item == name || loop->index == name) return &*loop;
    }
    return nullptr;
  }

  // Of an item of a loop, as u.id. An item is one value: read_script() reports it.
  bool is_member(std::string_view name) const {
    const size_t point = name.find('.');
    return point != std::string_view::npos && loop_of(name.substr(0, point)) != nullptr;
  }

  void placeholders(const std::string& sql) {
    for (size_t at = 0; at + 1 < sql.size(); ++at) {
      if ((sql[at] != '$' && sql[at] != '#') || sql[at + 1] != '{') continue;
      const size_t end = std::min(sql.find('}', at), sql.size());
      const std::string_view content = std::string_view(sql).substr(at + 2, end - at - 2);
      const bool item = content.substr(0, content.find(',')).find('[') != std::string_view::npos;
      const std::string_view name = bound_name(content);
      const size_t type = content.find("jdbcType");
      std::string jdbc;
      if (type != std::string_view::npos && content.find('=', type) != std::string_view::npos) {
        std::string_view rest = core::trimmed(content.substr(content.find('=', type) + 1), " \t\r\n");
        jdbc = guessed_type(rest.substr(0, rest.find_first_of(", \t\r\n")));
      }
      if (jdbc.empty() && is_number_of_rows(sql, at)) jdbc = "LONG";
      if (!name.empty()) placeholder(name, item, jdbc);
      at = end;
    }
  }

  void placeholder(std::string_view name, bool item, const std::string& type) {
    if (is_member(name)) return;
    const Loop* const loop = loop_of(name);
    if (loop != nullptr && loop->item != name) return;  // the number of its round
    RequestParameter& one = parameter(loop == nullptr ? name : std::string_view(loop->list));
    one.list = one.list || item;
    if (one.type.empty()) one.type = type;
  }

  // Whether LIMIT or OFFSET is before it.
  static bool is_number_of_rows(const std::string& sql, size_t at) {
    const std::string before =
        core::to_lower(core::trimmed_end(std::string_view(sql).substr(0, at), " \t\r\n("));
    const auto ends = [&before](std::string_view word) {
      if (before.size() < word.size()) return false;
      const size_t begin = before.size() - word.size();
      return before.compare(begin, word.size(), word) == 0 &&
             (begin == 0 || !is_guessed_name(before[begin - 1]));
    };
    return ends("limit") || ends("offset");
  }

  void names_of_test(const std::string& test) {
    for (size_t at = 0; at < test.size(); ++at) {
      if (test[at] == '\'' || test[at] == '"') {
        at = std::min(test.find(test[at], at + 1), test.size());
      } else if (is_guessed_name(test[at]) || test[at] == '.') {
        const size_t begin = at;
        while (at < test.size() && (is_guessed_name(test[at]) || test[at] == '.')) ++at;
        name_of_test(test, begin, at);
        --at;
      }
    }
  }

  // ids.size() is ids, user.name is user.name, also page.size where it is bound; a number and a word of the
  // grammar are none.
  void name_of_test(const std::string& test, size_t begin, size_t end) {
    std::string name = test.substr(begin, end - begin);
    const size_t next = test.find_first_not_of(" \t\r\n", end);
    const bool call = next != std::string::npos && test[next] == '(';
    const size_t point = name.rfind('.');
    const std::string member = point == std::string::npos ? "" : name.substr(point + 1);
    const bool property =
        (member == "size" || member == "length" || member == "empty") && bound_.count(name) == 0;
    if (call || property) name.resize(point == std::string::npos ? 0 : point);
    constexpr std::string_view kWordsOfTests[] = {"and", "or",  "not", "eq",   "neq",  "lt",    "lte",
                                                  "gt",  "gte", "in",  "null", "true", "false", "new"};
    if (name.empty() || name.front() == '.' || core::is_digit(name.front()) ||
        std::find(std::begin(kWordsOfTests), std::end(kWordsOfTests), name) != std::end(kWordsOfTests))
      return;
    if (loop_of(name) != nullptr || is_member(name)) return;
    RequestParameter& one = parameter(name);
    one.required = false;
    if ((call || property) && member == "size") one.list = true;
  }

  std::set<std::string> bound_;  // names in placeholders
  std::vector<RequestParameter> found_;
  std::vector<Loop> loops_;
};

}  // namespace

std::vector<RequestParameter> mapper_parameters(const std::string& script, const std::string& type) {
  ParameterGuesses guesses;
  guesses.read(script);
  return guesses.take(type);
}

}  // namespace tablegate::loader
