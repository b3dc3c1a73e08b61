// The nodes of a statement program: a tree that says how the SQL of an API is
// put together for one request. A wizard with one required and one optional
// condition is
//   text `SELECT "a" FROM `, table `t`, where [text ` AND "b" = `, value 0,
//   if (parameter 1 is present) [text ` AND "c" = `, value 1]], text ` LIMIT 10`.
// Plain values: the loader makes them, the manifest carries them (schema/README.md),
// Program checks and keeps them. Text comes from definitions, never from a caller.
// There are no list and foreach nodes: no parameter holds a list yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tablegate::core {

struct Node;
using Nodes = std::vector<Node>;

// How deep nodes may be nested, and how many a program may have. The second one also keeps the bound values
// of a statement below what PostgreSQL's protocol can count (65,535).
constexpr size_t kMaxNodeDepth = 64;
constexpr size_t kMaxNodes = 32767;

// SQL as it is.
struct TextNode {
  std::string sql;
};

// The relation that holds the rows of a mirrored table at this moment.
struct TableNode {
  std::string name;  // of the table, not quoted
};

// A placeholder with the value of one parameter. An absent parameter is bound as NULL.
struct ValueNode {
  uint32_t parameter = 0;  // place in Api::parameters
};

// What a node is decided by: the parameter is present (given, or it has a default). The one kind of
// condition that there is; other kinds become further members of this type.
struct Condition {
  uint32_t present = 0;  // place in Api::parameters
};

struct IfNode {
  Condition condition;
  Nodes then;
};

// The first of `whens` that is true, or `otherwise`.
struct ChooseNode {
  std::vector<IfNode> whens;
  Nodes otherwise;
};

// Its content without the white space around it and without a leading AND or OR, after WHERE. Nothing when
// there is no content.
struct WhereNode {
  Nodes content;
};

// As WhereNode with other words: at most one of each list of overrides is cut off, the first that matches,
// as a whole word and in any case. Nothing when there is no content.
struct TrimNode {
  Nodes content;
  std::string prefix, suffix;
  std::vector<std::string> prefix_overrides, suffix_overrides;
};

struct Node {
  std::variant<TextNode, TableNode, ValueNode, IfNode, ChooseNode, WhereNode, TrimNode> is;
};

}  // namespace tablegate::core
