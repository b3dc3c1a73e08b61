// The texts of a draft, each with a number, and which byte of which text a byte of a
// path's SQL is. Numbers serve as addresses where the script's bytes do not: text
// that is made of a literal has the place of that literal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/node.hpp"
#include "core/plan/statement.hpp"

namespace tablegate::loader {

struct LeafPlace {
  size_t leaf = 0;
  size_t byte = 0;  // of its text

  bool operator<(const LeafPlace& other) const {
    return leaf != other.leaf ? leaf < other.leaf : byte < other.byte;
  }
};

class ScriptLeaves {
 public:
  // Gives each text of `nodes` an origin of its own in place of that in the script.
  explicit ScriptLeaves(core::Nodes& nodes);

  size_t size() const { return leaves_.size(); }
  const std::string& text(size_t leaf) const { return leaves_[leaf].text; }
  // Of a text node with such an origin.
  static size_t number(uint32_t origin) { return (origin - 1) / kStride; }

  // A piece of a path's SQL that is of one text.
  struct Piece {
    size_t begin = 0, end = 0;  // bytes of the SQL
    LeafPlace at;               // of the first one
  };
  // In their order; what tags write and placeholders are between them.
  std::vector<Piece> pieces(const std::string& sql, const std::vector<core::OriginMark>& marks) const;
  // The byte of the script, from 0, that a place or a byte of the SQL comes from, or one near it.
  size_t script_byte(const LeafPlace& place) const;
  size_t script_byte(const std::vector<Piece>& pieces, size_t offset) const;

 private:
  static constexpr uint32_t kStride = 100000;  // more than the bytes of a script

  struct Leaf {
    std::string text;
    size_t script = 0;  // byte of the script, from 0
  };

  std::vector<Leaf> leaves_;
};

// The piece that byte `offset` is in; null: none.
const ScriptLeaves::Piece* piece_at(const std::vector<ScriptLeaves::Piece>& pieces, size_t offset);

}  // namespace tablegate::loader
