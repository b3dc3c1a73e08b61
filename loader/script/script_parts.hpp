// Turns the draft of a script into its final nodes: tables by name, and the outermost
// ORDER BY and LIMIT apart from the rest. What each text is was found on the paths
// (script.cpp); a tag around texts of several parts keeps its condition in each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/plan/node.hpp"
#include "script/script_leaves.hpp"

namespace tablegate::loader {

enum class ScriptPart : uint8_t { body, order, limit };

struct PartNodes {
  core::Nodes body, order, limit;

  core::Nodes& of(ScriptPart part) {
    return part == ScriptPart::body ? body : part == ScriptPart::order ? order : limit;
  }
};

struct LeafTable {
  std::string name;
  size_t size = 0;  // bytes of its name in the text
  bool has_alias = false;
};

class ScriptParts {
 public:
  explicit ScriptParts(const ScriptLeaves& leaves) : leaves_(leaves) {}

  // Of one path: the texts of its SQL, and where ORDER BY and LIMIT begin in it. First all paths are cut,
  // then all are placed. A place is one at which a text is in different parts on two paths.
  void cut(const std::vector<ScriptLeaves::Piece>& pieces, std::optional<size_t> order,
           std::optional<size_t> limit);
  std::optional<LeafPlace> place(const std::string& sql, const std::vector<ScriptLeaves::Piece>& pieces,
                                 std::optional<size_t> order, std::optional<size_t> limit);

  void add_table(const LeafPlace& at, LeafTable table) { tables_[at] = std::move(table); }
  void drop(const LeafPlace& at) { dropped_.insert(at); }
  const std::map<LeafPlace, LeafTable>& tables() const { return tables_; }

  // The draft in its parts. Without `with_tables` they stay texts. A place: that of a tag in which one of the
  // parts cannot begin, with the tag's name.
  PartNodes split(const core::Nodes& draft, bool with_tables);
  struct Fault {
    LeafPlace at;
    std::string tag;
  };
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  PartNodes split_list(const core::Nodes& nodes);
  void split_text(const core::TextNode& node, PartNodes& out);
  void write(size_t leaf, size_t begin, size_t end, core::Nodes& out) const;
  // The whole node in the one part that its content has.
  template <class Around>
  void split_around(const Around& node, const char* tag, PartNodes& out);

  const ScriptLeaves& leaves_;
  std::map<size_t, std::set<size_t>> cuts_;  // of a leaf: bytes at which parts begin
  std::map<LeafPlace, ScriptPart> parts_;    // of the pieces between cuts, that are not blank
  std::map<LeafPlace, LeafTable> tables_;
  std::set<LeafPlace> dropped_;
  std::optional<Fault> fault_;
  ScriptPart current_ = ScriptPart::body;  // of the text before, in the order of the script
  LeafPlace last_;
  bool with_tables_ = true;
};

}  // namespace tablegate::loader
