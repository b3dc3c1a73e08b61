// The kinds of nodes that the parse tree of a script may have, each with all of its
// members: what is not listed here is rejected. One table, sql_shapes.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tablegate::loader {

struct SqlMember {
  enum class Kind : uint8_t {
    value,  // a number or text, or read by code of its own
    nodes,  // a node or a list of nodes
    typed   // the members of a node whose kind is `of`
  } kind = Kind::value;
  std::string_view of;
};

using SqlShape = std::unordered_map<std::string_view, SqlMember>;

// Null: no script may have such a node.
const SqlShape* sql_shape(std::string_view kind);
// Why, and what to write instead. `member`: of a known kind; empty: the kind itself is not known.
std::string shape_fault(std::string_view kind, std::string_view member);

}  // namespace tablegate::loader
