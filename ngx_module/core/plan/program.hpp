// A statement program: an immutable tree of nodes. walk() follows it for one
// request and gives the path and the bound values; it makes no text. statement()
// makes the SQL of a path, when a connection prepares it. Owned by an Api of the
// manifest, made once, shared by all requests.
//   Walk walk;
//   if (Problem problem = api.program.walk(bound, arena, walk)) ...answer it...
//   ...prepare under (API, walk.path) if it is not there: api.program.statement(walk.path, generations)...
//   ...execute with walk.values...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/plan/bound_values.hpp"
#include "core/plan/node.hpp"
#include "core/plan/path.hpp"
#include "core/plan/statement.hpp"
#include "core/result.hpp"

namespace tablegate::core {

class Evaluation;
class TableGenerations;

// What a request is for a statement. Lives in the arena of the request.
struct Walk {
  Path path;
  int count = 0;                        // of placeholders
  const char* const* values = nullptr;  // text form, NUL-terminated; null: SQL NULL
};

// Of a parameter: what PostgreSQL gets as the type of its placeholder.
struct PlaceholderType {
  constexpr PlaceholderType(uint32_t type, uint32_t item_type = 0)
      : oid(type), item(item_type) {}  // NOLINT: implicit

  uint32_t oid;   // of an array type for a list
  uint32_t item;  // of its items; 0: the parameter is no list
};

class Program {
 public:
  // Makes no statement; its text is empty.
  Program() = default;

  // `parameter_types`: one for each parameter of the API and then for each of its internal values, no OID of
  // them 0. `names`: of the parameters, for problems. An error names the node by a JSON pointer into the
  // manifest's form of `nodes`.
  static Result<Program> build(Nodes nodes, std::vector<PlaceholderType> parameter_types,
                               std::vector<std::string> names = {});

  // `bound`: a value for each of them. invalid_parameter: the caller's lists make more values or
  // iterations than kMaxWork, values of more than kMaxValueBytes, the conditions take more than
  // kMaxExpressionSteps, or a RejectNode rejects the call; missing_parameter: the path requires a list that
  // is absent; internal_error: the arena has no memory.
  Problem walk(const BoundValues& bound, Arena& arena, Walk& out) const {
    if (!straight_) return follow(bound, arena, out);
    out.path = {};
    out.count = static_cast<int>(steps_.size());
    out.values = bound.values;
    return {};
  }

  // `path`: of a walk through this program. Tables are read where `generations` says they are; null: under
  // their names. `origins`, where it is not null, gets a mark for each piece of text, ascending; placeholders
  // and what tags write have none of their own.
  Statement statement(const Path& path, const TableGenerations* generations = nullptr,
                      std::vector<OriginMark>* origins = nullptr) const;

  // The same for many requests at once: each placeholder is an array with a value of each of them. A row of a
  // request is followed by a column with its place in the arrays, from 1. Only for programs without lists.
  Statement keys_statement(const Path& path, const TableGenerations* generations = nullptr) const;

  const Nodes& nodes() const { return nodes_; }
  // The mirrored tables that statements may read, each once, in order of their first node.
  const std::vector<std::string>& tables() const { return tables_; }
  size_t parameters() const { return parameter_types_.size(); }
  // How many decisions a path has at most, without those of foreach nodes.
  size_t decisions() const { return decisions_; }

 private:
  // What a walk does, in order: the tree without its text.
  struct Step {
    enum class Kind : uint8_t {
      value,      // binds the parameter
      optional,   // decides whether the parameter is present and binds it if it is
      decide,     // decides whether the parameter is present and goes to `target` if it is not
      test,       // decides by the test in place `parameter` and goes to `target` if it is false
      jump,       // goes to `target`
      loop,       // begins to go through the parameter's items; goes to `target` if there are none
      next,       // goes to `target` with the next item, if there is one
      item,       // binds the current item of the loop that is `parameter` levels further out
      index,      // binds the number of its round
      list,       // binds the parameter, which must be present
      list_item,  // binds the item in place `target` of the parameter's list
      reject      // rejects the call if the test in place `parameter` is true, as rejections_[target] says
    } kind = Kind::value;
    bool pad = false;  // of a loop
    uint32_t parameter = 0;
    uint32_t target = 0;  // place in steps_, if nothing else is said above
    uint32_t text = 0;    // of a loop: bytes of SQL that a round writes at most, without those of loops in it
  };
  // What is said about a call that a RejectNode rejects.
  struct Rejection {
    std::string subject;  // a parameter's name; empty: there are several
    std::string detail;
  };
  class Builder;

  bool needs_no_walk() const;
  bool uses_a_value_often() const;
  Problem follow(const BoundValues& bound, Arena& arena, Walk& out) const;
  template <class Sink>
  Problem take_steps(const BoundValues& bound, Evaluation& tests, Sink& sink) const;
  Problem absent(uint32_t parameter) const;

  Nodes nodes_;
  std::vector<PlaceholderType> parameter_types_;
  std::vector<std::string> names_;
  std::vector<std::string> tables_;
  std::vector<Step> steps_;
  std::vector<Expression> tests_;  // of the steps
  std::vector<Rejection> rejections_;
  size_t decisions_ = 0;
  size_t values_ = 0;      // placeholders of a path at most, without those of foreach nodes
  bool loops_ = false;     // there is a foreach node
  bool often_ = false;     // some value is bound in more than kMaxUses places
  bool straight_ = false;  // a path has no decisions and binds the first parameters in their order
};

}  // namespace tablegate::core
