// A statement program: an immutable tree of nodes. walk() follows it for one
// request and gives the path and the bound values; it makes no text. statement()
// makes the SQL of a path, when a connection prepares it. Owned by an Api of the
// manifest, made once, shared by all requests.
//   Walk walk;
//   if (!api.program.walk(bound, arena, walk)) ...no memory...
//   ...prepare under (API, walk.path) if it is not there: api.program.statement(walk.path, generations)...
//   ...execute with walk.values...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/arena.hpp"
#include "core/plan/bound_values.hpp"
#include "core/plan/node.hpp"
#include "core/plan/path.hpp"
#include "core/plan/statement.hpp"
#include "core/result.hpp"

namespace tablegate::core {

class TableGenerations;

// What a request is for a statement. Lives in the arena of the request.
struct Walk {
  Path path;
  int count = 0;                        // of placeholders
  const char* const* values = nullptr;  // text form, NUL-terminated; null: SQL NULL
};

class Program {
 public:
  // Makes no statement; its text is empty.
  Program() = default;

  // `parameter_types`: an OID for each parameter of the API, none of them 0. An error names the node by a
  // JSON pointer into the manifest's form of `nodes`.
  static Result<Program> build(Nodes nodes, std::vector<uint32_t> parameter_types);

  // `bound`: a value for each parameter of the API. False: the arena has no memory.
  bool walk(const BoundValues& bound, Arena& arena, Walk& out) const {
    if (!straight_) return follow(bound.values, arena, out);
    out.path = {};
    out.count = values_;
    out.values = bound.values;
    return true;
  }

  // `path`: of a walk through this program. Tables are read where `generations` says they are; null: under
  // their names.
  Statement statement(const Path& path, const TableGenerations* generations = nullptr) const;

  const Nodes& nodes() const { return nodes_; }
  // The mirrored tables that statements may read, each once, in order of their first node.
  const std::vector<std::string>& tables() const { return tables_; }
  size_t parameters() const { return parameter_types_.size(); }
  // How many decisions a path has at most.
  size_t decisions() const { return decisions_; }

 private:
  // What a walk does, in order: the tree without its text.
  struct Step {
    enum class Kind : uint8_t {
      value,     // binds the parameter
      optional,  // decides whether the parameter is present and binds it if it is
      decide,    // decides whether the parameter is present and goes to `target` if it is not
      jump       // goes to `target`
    } kind = Kind::value;
    uint32_t parameter = 0;
    uint32_t target = 0;  // place in steps_
  };
  class Builder;

  bool needs_no_walk() const;
  bool follow(const char* const* bound, Arena& arena, Walk& out) const;
  template <class Decisions>
  const char** take_steps(const char* const* bound, const char** next, Decisions& decisions) const;

  Nodes nodes_;
  std::vector<uint32_t> parameter_types_;
  std::vector<std::string> tables_;
  std::vector<Step> steps_;
  size_t decisions_ = 0;
  int values_ = 0;         // placeholders of a path at most
  bool straight_ = false;  // a path has no decisions and binds the first parameters in their order
};

}  // namespace tablegate::core
