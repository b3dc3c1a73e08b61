#include "script/script_parts.hpp"

#include <algorithm>
#include <utility>

namespace tablegate::loader {

namespace {

constexpr ScriptPart kScriptParts[] = {ScriptPart::body, ScriptPart::order, ScriptPart::limit};

bool is_blank_byte(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool only_blank_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_blank_byte);
}

// Nothing but white space.
bool only_blanks(const core::Nodes& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const core::Node& node) {
    const auto* text = std::get_if<core::TextNode>(&node.is);
    return text != nullptr && only_blank_bytes(text->sql);
  });
}

}  // namespace

void ScriptParts::cut(const std::vector<ScriptLeaves::Piece>& pieces, std::optional<size_t> order,
                      std::optional<size_t> limit) {
  for (const std::optional<size_t>& begin : {order, limit}) {
    if (!begin) continue;
    if (const ScriptLeaves::Piece* piece = piece_at(pieces, *begin))
      cuts_[piece->at.leaf].insert(piece->at.byte + *begin - piece->begin);
  }
}

std::optional<LeafPlace> ScriptParts::place(const std::string& sql,
                                            const std::vector<ScriptLeaves::Piece>& pieces,
                                            std::optional<size_t> order, std::optional<size_t> limit) {
  const auto part_of = [&](size_t at) {
    if (limit && at >= *limit) return ScriptPart::limit;
    return order && at >= *order ? ScriptPart::order : ScriptPart::body;
  };
  for (const ScriptLeaves::Piece& piece : pieces) {
    const std::set<size_t>& cuts = cuts_[piece.at.leaf];
    for (size_t at = piece.begin; at < piece.end;) {
      const size_t byte = piece.at.byte + at - piece.begin;
      const auto next = cuts.upper_bound(byte);
      const size_t end = next == cuts.end() ? piece.end : std::min(piece.end, at + *next - byte);
      const size_t begin = next == cuts.begin() ? 0 : *std::prev(next);
      const auto inked = std::find_if_not(sql.begin() + static_cast<std::ptrdiff_t>(at),
                                          sql.begin() + static_cast<std::ptrdiff_t>(end), is_blank_byte);
      const auto first = static_cast<size_t>(inked - sql.begin());
      if (first < end) {
        const auto [known, added] = parts_.try_emplace({piece.at.leaf, begin}, part_of(first));
        if (!added && known->second != part_of(first)) return LeafPlace{piece.at.leaf, byte + first - at};
      }
      at = end;
    }
  }
  return std::nullopt;
}

PartNodes ScriptParts::split(const core::Nodes& draft, bool with_tables) {
  with_tables_ = with_tables;
  current_ = ScriptPart::body;
  last_ = {};
  return split_list(draft);
}

PartNodes ScriptParts::split_list(const core::Nodes& nodes) {
  PartNodes out;
  for (const core::Node& node : nodes) {
    if (const auto* text = std::get_if<core::TextNode>(&node.is)) {
      split_text(*text, out);
    } else if (const auto* condition = std::get_if<core::IfNode>(&node.is)) {
      PartNodes then = split_list(condition->then);
      for (const ScriptPart part : kScriptParts)
        if (!only_blanks(then.of(part)))
          out.of(part).push_back({core::IfNode{condition->condition, std::move(then.of(part))}});
    } else if (const auto* choose = std::get_if<core::ChooseNode>(&node.is)) {
      std::vector<PartNodes> whens;
      const ScriptPart before = current_;
      for (const core::IfNode& when : choose->whens) {
        current_ = before;
        whens.push_back(split_list(when.then));
      }
      current_ = before;
      PartNodes otherwise = split_list(choose->otherwise);
      for (const ScriptPart part : kScriptParts) {
        bool any = !only_blanks(otherwise.of(part));
        core::ChooseNode mine;
        for (size_t i = 0; i < whens.size(); ++i) {
          any = any || !only_blanks(whens[i].of(part));
          mine.whens.push_back({choose->whens[i].condition, std::move(whens[i].of(part))});
        }
        mine.otherwise = std::move(otherwise.of(part));
        if (any) out.of(part).push_back({std::move(mine)});
      }
    } else if (const auto* where = std::get_if<core::WhereNode>(&node.is)) {
      split_around(*where, "where", out);
    } else if (const auto* trim = std::get_if<core::TrimNode>(&node.is)) {
      split_around(*trim, "trim", out);
    } else if (const auto* loop = std::get_if<core::ForeachNode>(&node.is)) {
      split_around(*loop, "foreach", out);
    } else {
      out.of(current_).push_back(node);
    }
  }
  return out;
}

template <class Around>
void ScriptParts::split_around(const Around& node, const char* tag, PartNodes& out) {
  const LeafPlace before = last_;
  PartNodes content = split_list(node.content);
  std::optional<ScriptPart> only;
  for (const ScriptPart part : kScriptParts) {
    if (only_blanks(content.of(part))) continue;
    if (only && !fault_) fault_ = Fault{before, tag};
    only = part;
  }
  if (!only) return;
  Around mine = node;
  mine.content = std::move(content.of(*only));
  out.of(*only).push_back({std::move(mine)});
  current_ = *only;
}

void ScriptParts::split_text(const core::TextNode& node, PartNodes& out) {
  const size_t leaf = ScriptLeaves::number(node.origin);
  std::vector<size_t> begins = {0};
  const auto cuts = cuts_.find(leaf);
  if (cuts != cuts_.end())
    for (const size_t cut : cuts->second)
      if (cut > 0) begins.push_back(cut);
  for (size_t i = 0; i < begins.size(); ++i) {
    const auto part = parts_.find({leaf, begins[i]});
    if (part != parts_.end()) current_ = part->second;
    write(leaf, begins[i], i + 1 < begins.size() ? begins[i + 1] : node.sql.size(), out.of(current_));
  }
  last_ = {leaf, node.sql.size()};
}

void ScriptParts::write(size_t leaf, size_t begin, size_t end, core::Nodes& out) const {
  const std::string& text = leaves_.text(leaf);
  std::string written;
  const auto flush = [&](size_t at) {
    if (!written.empty())
      out.push_back({core::TextNode{std::exchange(written, {}),
                                    static_cast<uint32_t>(leaves_.script_byte(LeafPlace{leaf, at})) + 1}});
  };
  size_t from = begin;
  for (size_t at = begin; at < end;) {
    const auto table = with_tables_ ? tables_.find({leaf, at}) : tables_.end();
    if (table != tables_.end()) {
      flush(from);
      out.push_back({core::TableNode{table->second.name}});
      at += table->second.size;
      from = at;
      if (!table->second.has_alias) {
        out.push_back({core::TextNode{" AS " + core::quote_identifier(table->second.name), 0}});
      }
      continue;
    }
    written += dropped_.count({leaf, at}) != 0 ? ' ' : text[at];
    ++at;
  }
  flush(from);
}

}  // namespace tablegate::loader
