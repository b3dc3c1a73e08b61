#include "script/word_check.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "core/text/ascii.hpp"
#include "model/ddl.hpp"
#include "script/sql_names.hpp"
#include "script/sql_words.hpp"
#include "script/word_lists.hpp"

namespace tablegate::loader {

namespace {

constexpr std::string_view kBlankBytes = " \t\r\n\f\v";

// Texts and placeholders between two tags, as they are in a statement.
struct WordRun {
  std::string sql;
  std::vector<std::pair<size_t, size_t>> places;  // byte of `sql`, byte of the script

  void add(std::string_view text, size_t place) {
    places.emplace_back(sql.size(), place);
    sql.append(text);
  }
  size_t place(size_t offset) const {
    const auto after = std::upper_bound(places.begin(), places.end(), std::make_pair(offset, SIZE_MAX));
    if (after == places.begin()) return 0;
    return (after - 1)->second + offset - (after - 1)->first;
  }
};

// What may be before the next word.
struct WordBefore {
  bool name = false;    // one that would be called by a `(`
  bool text = false;    // one with E before it, which a text on the next line would continue
  bool nothing = true;  // it is the statement's first

  void merge(const WordBefore& other) {
    name = name || other.name;
    text = text || other.text;
    nothing = nothing || other.nothing;
  }
};

bool is_tag_node(const core::Node& node) {
  return std::holds_alternative<core::IfNode>(node.is) || std::holds_alternative<core::ChooseNode>(node.is) ||
         std::holds_alternative<core::WhereNode>(node.is) ||
         std::holds_alternative<core::TrimNode>(node.is) ||
         std::holds_alternative<core::ForeachNode>(node.is);
}

class WordChecker {
 public:
  explicit WordChecker(std::vector<SqlFault>& faults) : faults_(faults) {}

  void check(const core::Nodes& nodes) {
    find_overrides(nodes);
    take(nodes);
  }

 private:
  // ---- the tree, in the order of the text

  void take(const core::Nodes& nodes) {
    WordRun run;
    for (const core::Node& node : nodes) {
      if (const auto* text = std::get_if<core::TextNode>(&node.is)) {
        last_place_ = text->origin == 0 ? 0 : text->origin - 1;
        run.add(text->sql, last_place_);
      } else if (is_tag_node(node)) {
        words(std::exchange(run, {}));
        std::visit([this](const auto& one) { tag(one); }, node.is);
      } else {
        run.add("$1", last_place_);
      }
    }
    words(run);
  }

  template <class Plain>
  void tag(const Plain& node) {
    (void)node;
  }
  void tag(const core::IfNode& node) {
    const WordBefore before = before_;
    take(node.then);
    before_.merge(before);
  }
  void tag(const core::ChooseNode& node) {
    const WordBefore before = before_;
    take(node.otherwise);
    WordBefore after = before_;
    for (const core::IfNode& when : node.whens) {
      before_ = before;
      take(when.then);
      after.merge(before_);
    }
    before_ = after;
  }
  void tag(const core::WhereNode& node) {
    const WordBefore before = std::exchange(before_, {false, false, false});
    take(node.content);
    before_.merge(before);
  }
  void tag(const core::TrimNode& node) {
    const WordBefore before = before_;
    attribute(node.prefix);
    const auto cut = std::exchange(cut_, node.prefix_overrides);
    if (blank(node.prefix)) check_cut();
    const size_t names = names_, texts = texts_;
    take(node.content);
    cut_ = cut;
    if (!node.suffix_overrides.empty()) before_.merge({names != names_, texts != texts_, false});
    attribute(node.suffix);
    before_.merge(before);
  }
  void tag(const core::ForeachNode& node) {
    const WordBefore before = before_;
    attribute(node.open);
    take(node.content);
    const WordBefore once = before_;
    attribute(node.separator);
    take(node.content);
    before_.merge(once);
    attribute(node.close);
    before_.merge(before);
  }

  static bool blank(std::string_view text) {
    return text.find_first_not_of(kBlankBytes) == std::string_view::npos;
  }

  void attribute(const std::string& text) {
    if (blank(text)) return;
    WordRun run;
    run.add(text, last_place_);
    const auto cut = std::exchange(cut_, {});
    words(run);
    cut_ = cut;
  }

  // ---- words that <trim> may cut off

  void find_overrides(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) std::visit([this](const auto& one) { overrides_of(one); }, node.is);
  }
  template <class Plain>
  void overrides_of(const Plain& node) {
    (void)node;
  }
  void overrides_of(const core::IfNode& node) { find_overrides(node.then); }
  void overrides_of(const core::ChooseNode& node) {
    for (const core::IfNode& when : node.whens) find_overrides(when.then);
    find_overrides(node.otherwise);
  }
  void overrides_of(const core::WhereNode& node) { find_overrides(node.content); }
  void overrides_of(const core::ForeachNode& node) { find_overrides(node.content); }
  void overrides_of(const core::TrimNode& node) {
    for (const auto* words : {&node.prefix_overrides, &node.suffix_overrides}) {
      for (const std::string& word : *words) {
        overrides_.insert(core::to_lower(word));
        check_override(word);
      }
    }
    find_overrides(node.content);
  }

  void check_override(const std::string& words) {
    std::string_view left = words;
    bool good = left.find_first_of("'\"") == std::string_view::npos;
    while (!left.empty()) {
      const size_t end = std::min(left.find_first_of(kBlankBytes), left.size());
      good = good && !is_never_cut(core::to_lower(left.substr(0, end)));
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    if (!good) fault(last_place_, "no <trim> may cut this off: " + words);
  }

  // The words that a <trim> without a prefix may cut off in front of its content.
  void check_cut() {
    for (const std::string& word : cut_) {
      const std::string first = core::to_lower(word.substr(0, word.find_first_of(kBlankBytes)));
      const bool several = first.size() != word.size();
      const bool combines = is_set_operation(first);
      if (!combines && (before_.nothing || (several && (before_.name || before_.text))))
        fault(last_place_, "<trim> cuts " + word + " off here, which only a <trim> with a prefix may do");
    }
  }

  // ---- words

  void fault(size_t place, std::string text) { faults_.push_back({place, std::move(text)}); }

  // The name that PostgreSQL reads; empty: it is none.
  std::string name_of(const SqlWord& word) const {
    const std::string_view text = std::string_view(run_->sql).substr(word.begin, word.end - word.begin);
    if (word.kind == SqlWord::Kind::word) return core::to_lower(text);
    if (word.kind != SqlWord::Kind::quoted || text.size() < 2) return {};
    std::string name;
    for (size_t at = 1; at + 1 < text.size(); ++at) {
      name += text[at];
      if (text[at] == '"') ++at;
    }
    return name;
  }

  bool is_word(size_t at, std::string_view word) const {
    return at < words_->size() && (*words_)[at].kind == SqlWord::Kind::word && names_of_[at] == word;
  }
  bool is_mark(size_t at, char mark) const {
    return at < words_->size() && (*words_)[at].kind == SqlWord::Kind::mark &&
           run_->sql[(*words_)[at].begin] == mark;
  }
  bool is_name(size_t at) const { return at < words_->size() && !names_of_[at].empty(); }

  // WITH name (a, b) AS (SELECT ...
  bool names_query(size_t at) const {
    size_t next = at + 1;
    while (is_mark(next, '(') || is_mark(next, ',')) {
      if (!is_name(next + 1)) return false;
      next += 2;
    }
    if (!is_mark(next, ')') || !is_word(next + 1, "as")) return false;
    next += is_word(next + 2, "materialized") ? 3 : 2;
    return is_mark(next, '(') && (is_word(next + 1, "select") || is_word(next + 1, "with") ||
                                  (is_word(next + 1, "values") && is_mark(next + 2, '(')));
  }

  // Whether `(` behind the name at this place would call what no script may call.
  bool calls_other(size_t at) const {
    if (!is_name(at)) return false;
    const std::string& name = names_of_[at];
    if (sql_function(name) != nullptr) return false;
    if ((*words_)[at].kind == SqlWord::Kind::word && (may_precede_parenthesis(name) || is_sql_type(name)))
      return false;
    return !(at > 0 && is_word(at - 1, "as")) && !names_query(at);
  }

  void words(const WordRun& run) {
    std::vector<SqlFault> found;
    const SqlWords all = SqlWords::read(run.sql, found);
    for (SqlFault& one : found) fault(run.place(one.offset), std::move(one.text));
    if (all.all().empty()) return;
    run_ = &run;
    words_ = &all.all();
    names_of_.clear();
    for (const SqlWord& word : all.all()) names_of_.push_back(name_of(word));
    check_first();
    for (size_t at = 0; at < words_->size(); ++at) {
      if (is_mark(at, '.')) check_point(at);
      if (is_name(at)) check_name(at);
    }
    texts_ += static_cast<size_t>(std::count_if(words_->begin(), words_->end(),
                                                [this](const SqlWord& one) { return has_escapes(one); }));
    before_.name = calls_other(words_->size() - 1);
    before_.text = has_escapes(words_->back());
    words_ = nullptr;
  }

  bool is_text(size_t at) const { return at < words_->size() && (*words_)[at].kind == SqlWord::Kind::text; }
  // E'...'
  bool has_escapes(const SqlWord& word) const {
    return word.kind == SqlWord::Kind::text && core::to_lower(run_->sql[word.begin]) == 'e';
  }

  size_t place(size_t at) const { return run_->place((*words_)[at].begin); }

  // The first word of a run, behind one of another run or at the beginning.
  void check_first() {
    if (before_.name) {
      if (is_mark(0, '(') || (is_cut_first() && is_mark(1, '(')))
        fault(place(0), "write the ( between the same tags as the word before it");
    }
    if (before_.text && (is_text(0) || (is_cut_first() && is_text(1))))
      fault(place(0), "write the text between the same tags as the text before it");
    if (!before_.nothing) return;
    size_t first = 0;
    while (first < words_->size() && (is_set_operation(names_of_[first]) || is_word(first, "all"))) ++first;
    if (first == words_->size()) return;
    if ((*words_)[first].kind == SqlWord::Kind::word && begins_other_statement(names_of_[first]))
      fault(place(first), "a script only reads: it begins with SELECT or WITH");
    before_.nothing = false;
  }

  bool begins_select(size_t at) const {
    return is_word(at, "select") || is_word(at, "with") || is_mark(at, '(');
  }

  // Whether the first word may be cut off.
  bool is_cut_first() const {
    const SqlWord& word = words_->front();
    const std::string text =
        core::to_lower(std::string_view(run_->sql).substr(word.begin, word.end - word.begin));
    return std::any_of(cut_.begin(), cut_.end(),
                       [&text](const std::string& one) { return core::to_lower(one) == text; });
  }

  void check_point(size_t at) {
    const bool joined = at > 0 && is_name(at - 1) && (*words_)[at - 1].end == (*words_)[at].begin;
    const std::string table = joined ? names_of_[at - 1] : std::string();
    if (!joined || (!is_name(at + 1) && !is_mark(at + 1, '*')) || table == "and" || table == "or" ||
        overrides_.count(table) != 0)
      return fault(place(at), "write TABLE.COLUMN in one piece");
    if (is_schema_name(table))
      fault(place(at - 1), table + " is a schema of the database; call the table something else here");
    if (is_mark(at + 2, '('))
      fault(place(at - 1), "a function is written by its bare name, without a schema");
    if (is_name(at + 1) && takes_whole_row(names_of_[at + 1]))
      fault(place(at + 1), names_of_[at + 1] + " after a table is the function " + names_of_[at + 1] +
                               "() of its whole row, which is not allowed");
  }

  void check_name(size_t at) {
    const std::string& name = names_of_[at];
    const bool plain = (*words_)[at].kind == SqlWord::Kind::word;
    const bool member = at > 0 && is_mark(at - 1, '.');
    if (name.compare(0, 3, "pg_") == 0 && sql_function(name) == nullptr)
      fault(place(at), name + " is a name of PostgreSQL's own, which no script with tags may have");
    if (is_catalog_type(name)) fault(place(at), type_fault(name));
    if (is_system_column(name)) fault(place(at), system_column_fault(name));
    if (plain && !member && is_session_value(name))
      fault(place(at),
            "a script cannot ask for the user, role, database or schema: they are the same for all callers");
    if (!member && calls_other(at)) {
      ++names_;
      if (is_mark(at + 1, '(')) fault(place(at), function_fault(name));
    }
    if (!plain || !is_set_operation(name)) return;
    const size_t next = at + (is_word(at + 1, "all") || is_word(at + 1, "distinct") ? 2 : 1);
    if (next < words_->size() && !begins_select(next) && !is_word(next, "values") && !is_word(next, "table"))
      fault(place(next), "behind " + name + " comes a SELECT");
  }

  std::vector<SqlFault>& faults_;
  std::set<std::string> overrides_;  // of each <trim>
  std::vector<std::string> cut_;     // what may be cut off in front of what is looked at
  WordBefore before_;
  size_t names_ = 0;  // that a `(` would call
  size_t texts_ = 0;  // with E before them
  size_t last_place_ = 0;
  // Of the run that is looked at.
  const WordRun* run_ = nullptr;
  const std::vector<SqlWord>* words_ = nullptr;
  std::vector<std::string> names_of_;  // of each word; empty: it is no name
};

}  // namespace

void check_words(const core::Nodes& nodes, std::vector<SqlFault>& faults) {
  if (std::any_of(nodes.begin(), nodes.end(), is_tag_node)) WordChecker(faults).check(nodes);
}

}  // namespace tablegate::loader
