// The nodes of a statement program: a tree that says how the SQL of an API is
// put together for one request. A wizard with one required and one optional
// condition is
//   text `SELECT "a" FROM `, table `t`, where [text ` AND "b" = `, value 0,
//   if (parameter 1 is present) [text ` AND "c" = `, value 1]], text ` LIMIT 10`.
// Plain values: the loader makes them, the manifest carries them (schema/README.md),
// Program checks and keeps them. Text comes from definitions, never from a caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/plan/expression.hpp"

namespace tablegate::core {

struct Node;
using Nodes = std::vector<Node>;

// How deep nodes may be nested, and how many a program may have. The second one also keeps the bound values
// of a statement below what PostgreSQL's protocol can count (65,535).
constexpr size_t kMaxNodeDepth = 64;
constexpr size_t kMaxNodes = 32767;
// How deep foreach nodes may be nested.
constexpr size_t kMaxLoops = 8;
// How many values a walk may bind, and how many items its foreach nodes may go through, so that a caller's
// lists cost at most that much.
constexpr size_t kMaxWork = 32767;
// How many bytes of SQL those items may write.
constexpr size_t kMaxLoopText = size_t{1} << 20U;
// How many bytes the values of a statement may have that binds some of them again and again: in a foreach, or
// one in more than kMaxUses places.
constexpr size_t kMaxValueBytes = size_t{8} << 20U;
constexpr size_t kMaxUses = 16;
// A path says in so many bits how often a foreach node was gone through.
constexpr size_t kLoopBits = 15;
static_assert(kMaxWork < size_t{1} << kLoopBits);

// SQL as it is.
struct TextNode {
  std::string sql;
  // The byte of the script that the text begins at, from 1; 0: it is of no script. For messages of the
  // loader: manifests do not have it.
  uint32_t origin = 0;
};

// The relation that holds the rows of a mirrored table at this moment.
struct TableNode {
  std::string name;  // of the table, not quoted
};

// The number of the generation whose rows TableNode reads in the same statement, as an expression of type
// bigint; NULL where the mirror does not know it.
struct GenerationNode {
  std::string table;  // its name, not quoted
};

// A placeholder with the value of one parameter, or with a value that the gateway makes itself: those are
// parameters like others here. An absent one is bound as NULL.
struct ValueNode {
  uint32_t parameter = 0;  // place in Api::parameters, or after them in Api::internal
};

// One placeholder with all items of a list parameter, as an array. An absent list is bound as NULL.
struct ListNode {
  uint32_t parameter = 0;
};

// A placeholder with an item of the list that a foreach node around it goes through.
struct ItemNode {
  uint32_t level = 0;  // 0: of the innermost foreach, 1: of the one around that
};

// A placeholder with the number of the round, from 0, that a foreach node around it is in, as a bigint.
struct IndexNode {
  uint32_t level = 0;  // as ItemNode::level
};

// A placeholder with one item of a list parameter; NULL past its end, or when the list is absent.
struct ListItemNode {
  uint32_t parameter = 0;
  uint32_t place = 0;  // from 0
};

// What a node is decided by: the parameter is present (given, or it has a default), or an expression is true.
struct Condition {
  uint32_t present = 0;                 // as ValueNode::parameter
  std::optional<Expression> test = {};  // instead of `present`
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

// Its content once for each item of a list parameter, `separator` between two items that wrote something,
// `open` before and `close` after them. Nothing when the list is empty or absent.
struct ForeachNode {
  uint32_t parameter = 0;
  Nodes content;
  std::string open, close, separator;
  // The last item is repeated up to the next power of two, so that lists of many lengths share few
  // statements. For content where a repeated item does not change the meaning, such as the items of IN.
  bool pad = false;
};

// Writes nothing: a call for which the expression is true has no statement and is rejected.
struct RejectNode {
  Expression when;
  std::vector<uint32_t> parameters;  // that the answer names
};

struct Node {
  std::variant<TextNode, TableNode, GenerationNode, ValueNode, ListNode, ItemNode, IndexNode, ListItemNode,
               IfNode, ChooseNode, WhereNode, TrimNode, ForeachNode, RejectNode>
      is;
};

}  // namespace tablegate::core
