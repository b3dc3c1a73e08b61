#include "script/script_leaves.hpp"

#include <algorithm>

#include "script/script.hpp"

namespace tablegate::loader {

namespace {

// Calls `text` with each text node, in the order of the script.
template <class Nodes, class Text>
void each_text(Nodes& nodes, const Text& text) {
  for (auto& node : nodes) {
    if (auto* plain = std::get_if<core::TextNode>(&node.is)) {
      text(*plain);
    } else if (auto* condition = std::get_if<core::IfNode>(&node.is)) {
      each_text(condition->then, text);
    } else if (auto* choose = std::get_if<core::ChooseNode>(&node.is)) {
      for (auto& when : choose->whens) each_text(when.then, text);
      each_text(choose->otherwise, text);
    } else if (auto* where = std::get_if<core::WhereNode>(&node.is)) {
      each_text(where->content, text);
    } else if (auto* trim = std::get_if<core::TrimNode>(&node.is)) {
      each_text(trim->content, text);
    } else if (auto* loop = std::get_if<core::ForeachNode>(&node.is)) {
      each_text(loop->content, text);
    }
  }
}

}  // namespace

ScriptLeaves::ScriptLeaves(core::Nodes& nodes) {
  static_assert(kStride > kMaxScriptSize + 1000 && uint64_t{kStride} * core::kMaxNodes < UINT32_MAX);
  each_text(nodes, [this](core::TextNode& node) {
    leaves_.push_back({node.sql, node.origin == 0 ? 0 : node.origin - 1});
    node.origin = static_cast<uint32_t>(leaves_.size() - 1) * kStride + 1;
  });
}

std::vector<ScriptLeaves::Piece> ScriptLeaves::pieces(const std::string& sql,
                                                      const std::vector<core::OriginMark>& marks) const {
  std::vector<Piece> out;
  for (size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].origin == 0) continue;
    const LeafPlace at{number(marks[i].origin), (marks[i].origin - 1) % kStride};
    if (at.leaf >= leaves_.size() || at.byte >= leaves_[at.leaf].text.size()) continue;
    const size_t next = i + 1 < marks.size() ? marks[i + 1].at : sql.size();
    const std::string& text = leaves_[at.leaf].text;
    // What is behind the text up to the next mark is a placeholder, or was written by a tag; and a tag may
    // have cut the text's end off.
    const size_t most = std::min(next - marks[i].at, text.size() - at.byte);
    size_t same = 0;
    while (same < most && sql[marks[i].at + same] == text[at.byte + same]) ++same;
    if (same > 0) out.push_back({marks[i].at, marks[i].at + same, at});
  }
  return out;
}

size_t ScriptLeaves::script_byte(const LeafPlace& place) const {
  return place.leaf < leaves_.size() ? leaves_[place.leaf].script + place.byte : 0;
}

size_t ScriptLeaves::script_byte(const std::vector<Piece>& pieces, size_t offset) const {
  if (const Piece* piece = piece_at(pieces, offset))
    return script_byte({piece->at.leaf, piece->at.byte + offset - piece->begin});
  const auto after = std::upper_bound(pieces.begin(), pieces.end(), offset,
                                      [](size_t at, const Piece& piece) { return at < piece.begin; });
  if (after == pieces.begin()) return pieces.empty() ? 0 : script_byte(pieces.front().at);
  const Piece& before = *(after - 1);
  return script_byte({before.at.leaf, before.at.byte + before.end - before.begin});
}

const ScriptLeaves::Piece* piece_at(const std::vector<ScriptLeaves::Piece>& pieces, size_t offset) {
  const auto after =
      std::upper_bound(pieces.begin(), pieces.end(), offset,
                       [](size_t at, const ScriptLeaves::Piece& piece) { return at < piece.begin; });
  if (after == pieces.begin() || (after - 1)->end <= offset) return nullptr;
  return &*(after - 1);
}

}  // namespace tablegate::loader
