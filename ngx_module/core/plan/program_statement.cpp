// Program::statement(): the text of a path.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/manifest/types.hpp"
#include "core/plan/program.hpp"
#include "core/plan/table_generations.hpp"

namespace tablegate::core {

namespace {

constexpr uint32_t kIndexType = 20;  // bigint

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Of a word of SQL (PostgreSQL manual, 4.1.1), or of a placeholder.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes one of `words` from the front, where it does not go on as a longer word.
std::string_view cut_front(std::string_view text, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (text.size() < word.size() || !same(text.substr(0, word.size()), word)) continue;
    if (text.size() > word.size() && is_word(word.back()) && is_word(text[word.size()])) continue;
    return without_spaces(text.substr(word.size()));
  }
  return text;
}

std::string_view cut_back(std::string_view text, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (text.size() < word.size()) continue;
    const size_t at = text.size() - word.size();
    if (!same(text.substr(at), word)) continue;
    if (at > 0 && is_word(word.front()) && is_word(text[at - 1])) continue;
    return without_spaces(text.substr(0, at));
  }
  return text;
}

class StatementWriter {
 public:
  StatementWriter(const Path& path, const std::vector<PlaceholderType>& types,
                  const TableGenerations* generations, std::vector<OriginMark>* origins)
      : path_(path), types_(types), generations_(generations), origins_(origins) {}

  void write(const Nodes& nodes) {
    for (const Node& node : nodes) {
      std::visit([this](const auto& one) { write(one); }, node.is);
    }
  }

  Statement finish() { return std::move(out_); }

  // From now on values are columns of the relation of finish_keys().
  void take_values_from_keys() { keys_ = true; }

  // What was written, for each row of the arrays. The planner does not look into (SELECT $1): its estimate
  // does not depend on how many values there are, so it comes to keep one plan for all.
  Statement finish_keys() {
    std::string arrays, names;
    for (size_t place = 1; place <= out_.types.size(); ++place) {
      arrays += (place == 1 ? "(SELECT $" : ", (SELECT $") + std::to_string(place) + ")";
      names += "v" + std::to_string(place) + ", ";
      out_.types[place - 1] = array_type_oid(out_.types[place - 1]);
    }
    out_.sql = "SELECT t.*, tablegate_keys.n FROM unnest(" + arrays + ") WITH ORDINALITY AS tablegate_keys(" +
               names + "n) CROSS JOIN LATERAL (" + out_.sql + ") AS t";
    return std::move(out_);
  }

 private:
  void write(const TextNode& node) {
    append(node.sql, [this, &node] {
      if (origins_ != nullptr) origins_->push_back({out_.sql.size(), node.origin});
    });
  }

  void write(const TableNode& node) {
    append(mirror_relation(generations_ == nullptr ? std::string_view(node.name)
                                                   : generations_->relation(node.name)));
  }

  // A swap that renames changes the table's row in the same transaction, and a statement's snapshot is taken
  // after its tables are locked: the row is that of the rows that are read. A generation with a name of its
  // own is read by that name, whatever the row says by then.
  void write(const GenerationNode& node) {
    const std::optional<uint64_t> number =
        generations_ == nullptr ? std::nullopt : generations_->pointed(node.table);
    if (number) return append("CAST(" + std::to_string(*number) + " AS bigint)");
    append("(SELECT generation FROM \"mirror\".\"tablegate_tables\" WHERE table_name = " +
           quote_literal(node.table) + ")");
  }

  void write(const ValueNode& node) { placeholder(types_[node.parameter].oid); }
  void write(const ListNode& node) { placeholder(types_[node.parameter].oid); }
  void write(const ItemNode& node) { placeholder(types_[loops_[loops_.size() - 1 - node.level]].item); }

  void write(const IndexNode& node) {
    (void)node;
    placeholder(kIndexType);
  }
  void write(const ListItemNode& node) { placeholder(types_[node.parameter].item); }
  void write(const RejectNode& node) { (void)node; }

  void write(const ForeachNode& node) {
    const size_t rounds = path_.number(decision_, kLoopBits);
    decision_ += kLoopBits;
    if (rounds == 0) return;
    append(node.open);
    loops_.push_back(node.parameter);
    bool first = true;
    for (size_t round = 0; round < rounds; ++round) {
      const size_t begin = out_.sql.size();
      const bool apart = apart_;
      write(node.content);
      if (without_spaces(std::string_view(out_.sql).substr(begin)).empty()) {
        cut(begin);
        apart_ = apart;
      } else if (!std::exchange(first, false)) {
        out_.sql.insert(begin, node.separator);
        for (OriginMark* mark = first_mark(begin); mark != end_of_marks(); ++mark)
          mark->at += node.separator.size();
      }
    }
    loops_.pop_back();
    append(node.close);
  }

  void write(const IfNode& node) {
    if (path_.decision(decision_++)) write(node.then);
  }

  void write(const ChooseNode& node) {
    for (const IfNode& when : node.whens) {
      if (path_.decision(decision_++)) return write(when.then);
    }
    write(node.otherwise);
  }

  void write(const WhereNode& node) {
    static const std::vector<std::string> kAndOr = {"AND", "OR"};
    trim(node.content, "WHERE", kAndOr, "", {});
  }

  void write(const TrimNode& node) {
    trim(node.content, node.prefix, node.prefix_overrides, node.suffix, node.suffix_overrides);
  }

  void trim(const Nodes& content, const std::string& prefix, const std::vector<std::string>& prefix_overrides,
            const std::string& suffix, const std::vector<std::string>& suffix_overrides) {
    const size_t begin = out_.sql.size();
    const bool apart = std::exchange(apart_, false);
    write(content);
    const std::string all = out_.sql.substr(begin);
    std::vector<OriginMark> marks(first_mark(begin), end_of_marks());
    cut(begin);
    const std::string_view rest =
        cut_back(cut_front(without_spaces(all), prefix_overrides), suffix_overrides);
    apart_ = apart;
    if (rest.empty()) return;
    write_apart(prefix, [] {});
    write_apart(rest, [&] {
      const auto from = static_cast<size_t>(rest.data() - all.data());
      move_marks(std::move(marks), begin + from, rest.size());
    });
    write_apart(suffix, [] {});
    apart_ = true;
  }

  template <class Mark>
  void write_apart(std::string_view text, Mark mark) {
    if (text.empty()) return;
    apart_ = true;
    append(text, mark);
  }

  // ---- marks; without origins there are none

  OriginMark* end_of_marks() { return origins_ == nullptr ? nullptr : origins_->data() + origins_->size(); }
  // The first one at byte `at` or after it.
  OriginMark* first_mark(size_t at) {
    OriginMark* const first = origins_ == nullptr ? nullptr : origins_->data();
    return std::lower_bound(first, end_of_marks(), at,
                            [](const OriginMark& mark, size_t byte) { return mark.at < byte; });
  }

  // Takes back what was written from byte `begin` on.
  void cut(size_t begin) {
    out_.sql.resize(begin);
    if (origins_ == nullptr) return;
    origins_->resize(static_cast<size_t>(first_mark(begin) - origins_->data()));
  }

  // `size` bytes that were at `from`, with these marks, are written at the end now.
  void move_marks(std::vector<OriginMark> marks, size_t from, size_t size) {
    const size_t to = out_.sql.size();
    for (size_t place = 0; place < marks.size() && marks[place].at < from + size; ++place) {
      OriginMark& mark = marks[place];
      if (place + 1 < marks.size() && marks[place + 1].at <= from) continue;
      if (mark.at < from) {
        mark.origin += mark.origin == 0 ? 0 : static_cast<uint32_t>(from - mark.at);
        mark.at = from;
      }
      origins_->push_back({mark.at - from + to, mark.origin});
    }
  }

  void placeholder(uint32_t type) {
    out_.types.push_back(type);
    append((keys_ ? "tablegate_keys.v" : "$") + std::to_string(out_.types.size()));
  }

  void append(std::string_view text) {
    append(text, [] {});
  }

  // `mark`: called where the text begins. A trimmed part has white space on both sides.
  template <class Mark>
  void append(std::string_view text, Mark mark) {
    if (text.empty()) return;
    if (std::exchange(apart_, false) && !out_.sql.empty() && !is_space(out_.sql.back()) &&
        !is_space(text.front()))
      out_.sql += ' ';
    mark();
    out_.sql.append(text);
  }

  const Path& path_;
  const std::vector<PlaceholderType>& types_;
  const TableGenerations* const generations_;
  std::vector<OriginMark>* const origins_;
  Statement out_;
  size_t decision_ = 0;
  std::vector<uint32_t> loops_;  // parameters of the foreach nodes around, the innermost last
  bool keys_ = false;
  bool apart_ = false;  // what comes next must not touch what is there
};

}  // namespace

Statement Program::statement(const Path& path, const TableGenerations* generations,
                             std::vector<OriginMark>* origins) const {
  if (origins != nullptr) origins->clear();
  StatementWriter writer(path, parameter_types_, generations, origins);
  writer.write(nodes_);
  return writer.finish();
}

Statement Program::keys_statement(const Path& path, const TableGenerations* generations) const {
  StatementWriter writer(path, parameter_types_, generations, nullptr);
  writer.take_values_from_keys();
  writer.write(nodes_);
  return writer.finish_keys();
}

}  // namespace tablegate::core
