// Program::statement(): the text of a path.
#include <algorithm>
#include <optional>
#include <utility>

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
                  const TableGenerations* generations)
      : path_(path), types_(types), generations_(generations) {}

  void write(const Nodes& nodes) {
    for (const Node& node : nodes) {
      std::visit([this](const auto& one) { write(one); }, node.is);
    }
  }

  Statement finish() { return std::move(out_); }

 private:
  void write(const TextNode& node) { append(node.sql); }

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
        out_.sql.resize(begin);
        apart_ = apart;
      } else if (!std::exchange(first, false)) {
        out_.sql.insert(begin, node.separator);
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
    out_.sql.resize(begin);
    const std::string_view rest =
        cut_back(cut_front(without_spaces(all), prefix_overrides), suffix_overrides);
    apart_ = apart;
    if (rest.empty()) return;
    for (const std::string_view part : {std::string_view(prefix), rest, std::string_view(suffix)}) {
      if (part.empty()) continue;
      apart_ = true;
      append(part);
    }
    apart_ = true;
  }

  void placeholder(uint32_t type) {
    out_.types.push_back(type);
    append("$" + std::to_string(out_.types.size()));
  }

  // A trimmed part has white space on both sides.
  void append(std::string_view text) {
    if (text.empty()) return;
    if (std::exchange(apart_, false) && !out_.sql.empty() && !is_space(out_.sql.back()) &&
        !is_space(text.front()))
      out_.sql += ' ';
    out_.sql.append(text);
  }

  const Path& path_;
  const std::vector<PlaceholderType>& types_;
  const TableGenerations* const generations_;
  Statement out_;
  size_t decision_ = 0;
  std::vector<uint32_t> loops_;  // parameters of the foreach nodes around, the innermost last
  bool apart_ = false;           // what comes next must not touch what is there
};

}  // namespace

Statement Program::statement(const Path& path, const TableGenerations* generations,
                             std::vector<OriginMark>* origins) const {
  if (origins != nullptr) origins->clear();  // not built yet
  StatementWriter writer(path, parameter_types_, generations);
  writer.write(nodes_);
  return writer.finish();
}

}  // namespace tablegate::core
