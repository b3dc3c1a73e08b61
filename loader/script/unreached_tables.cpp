#include "script/unreached_tables.hpp"

#include <algorithm>
#include <string_view>

#include "core/text/ascii.hpp"
#include "script/sql_words.hpp"

namespace tablegate::loader {

namespace {

// Functions whose arguments have a FROM between them.
const std::set<std::string_view> kFromInside = {"extract", "substring", "trim", "overlay"};

// The words of one text.
class LeafWords {
 public:
  explicit LeafWords(const std::string& text) : text_(text), words_(SqlWords::read(text, faults_)) {}

  size_t size() const { return words_.all().size(); }
  size_t begin(size_t at) const { return words_.all()[at].begin; }

  bool is(size_t at, std::string_view word) const {
    return at < size() && words_.all()[at].kind == SqlWord::Kind::word && core::to_lower(text(at)) == word;
  }
  bool is_mark(size_t at, char mark) const {
    return at < size() && words_.all()[at].kind == SqlWord::Kind::mark && text_[begin(at)] == mark;
  }
  // Empty: it is no name.
  std::string name(size_t at) const {
    if (at >= size()) return {};
    if (words_.all()[at].kind == SqlWord::Kind::word) return core::to_lower(text(at));
    if (words_.all()[at].kind != SqlWord::Kind::quoted) return {};
    const std::string_view quoted = text(at);
    return std::string(quoted.substr(1, quoted.size() - std::min<size_t>(2, quoted.size())));
  }

  // Names of WITH queries: x AS (, x (a, b) AS (.
  void add_queries(std::set<std::string>& names) const {
    for (size_t at = 1; at < size(); ++at) {
      if (!is(at, "as") || !(is_mark(at + 1, '(') || is(at + 1, "materialized") || is(at + 1, "not")))
        continue;
      size_t before = at - 1;
      while (before > 0 && is_mark(at - 1, ')') && !is_mark(before, '(')) --before;
      if (is_mark(before, '(') && before > 0) --before;
      names.insert(name(before));
    }
  }

  // Whether the FROM at this place is the beginning of tables.
  bool begins_tables(size_t at) const {
    if (at > 0 && is(at - 1, "distinct")) return false;
    size_t closed = 0;
    for (size_t before = at; before-- > 0;) {
      if (is_mark(before, ')')) ++closed;
      if (!is_mark(before, '(')) continue;
      if (closed == 0) return before == 0 || kFromInside.count(name(before - 1)) == 0;
      --closed;
    }
    return true;
  }

 private:
  std::string_view text(size_t at) const {
    const SqlWord& word = words_.all()[at];
    return std::string_view(text_).substr(word.begin, word.end - word.begin);
  }

  const std::string& text_;
  std::vector<SqlFault> faults_;
  SqlWords words_;
};

}  // namespace

std::vector<LeafPlace> unreached_tables(const ScriptLeaves& leaves, const std::set<size_t>& reached,
                                        const std::set<std::string>& tables) {
  std::vector<LeafPlace> found;
  if (reached.size() == leaves.size()) return found;
  std::set<std::string> queries;
  for (size_t leaf = 0; leaf < leaves.size(); ++leaf) LeafWords(leaves.text(leaf)).add_queries(queries);
  for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    if (reached.count(leaf) != 0) continue;
    const LeafWords words(leaves.text(leaf));
    for (size_t at = 0; at < words.size(); ++at) {
      const std::string name = words.name(at);
      if (name.empty() || queries.count(name) != 0 || words.is_mark(at + 1, '(')) continue;
      const bool behind =
          at > 0 && (words.is(at - 1, "join") || (words.is(at - 1, "from") && words.begins_tables(at - 1)));
      const bool column = words.is_mark(at + 1, '.') || (at > 0 && words.is_mark(at - 1, '.'));
      if (behind || (!column && tables.count(name) != 0)) found.push_back({leaf, words.begin(at)});
    }
  }
  return found;
}

}  // namespace tablegate::loader
