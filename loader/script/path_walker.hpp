// Follows the nodes of a statement program as Program::walk() does, with what is
// known of one path: PathFacts. For program_paths.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/plan/node.hpp"
#include "script/path_condition.hpp"
#include "script/path_facts.hpp"
#include "script/program_paths.hpp"

namespace tablegate::loader {

// A path as far as it is decided.
struct PathState {
  PathFacts facts;
  std::vector<PathDecision> decided;
};

class PathWalker {
 public:
  using Branch = std::function<void(PathState state)>;

  // A condition that is not decided is false, where it can be. `branch`, which may be
  // empty, gets the path where it is true.
  PathWalker(const PathParameters& parameters, PathWork& work, PathState state, Branch branch)
      : parameters_(parameters),
        work_(work),
        start_(state.facts.copy()),
        state_(std::move(state)),
        branch_(std::move(branch)) {}

  // Nullopt: no call takes the path, or it is rejected, or the work is spent.
  std::optional<ProgramPath> walk(const core::Nodes& nodes);

 private:
  void follow(const core::Nodes& nodes);
  bool truth(const core::Expression& test, bool of_item);
  bool truth(const core::Condition& condition);
  bool branch(const core::Expression& test, const core::Expression& normal, bool of_item);
  bool decide(bool outcome);

  void take(const core::TextNode& node) { work_.text += node.sql.size(); }
  void take(const core::TableNode& node) { (void)node; }
  void take(const core::GenerationNode& node) { (void)node; }
  void take(const core::ValueNode& node) { out_.values.push_back({node.parameter}); }
  void take(const core::ListNode& node) { out_.values.push_back({node.parameter}); }
  void take(const core::ItemNode& node);
  void take(const core::IndexNode& node);
  void take(const core::ListItemNode& node) { out_.values.push_back({node.parameter, node.place}); }
  void take(const core::IfNode& node);
  void take(const core::ChooseNode& node);
  void take(const core::WhereNode& node) { follow(node.content); }
  void take(const core::TrimNode& node) { follow(node.content); }
  void take(const core::ForeachNode& node);
  void take(const core::RejectNode& node);

  const PathParameters& parameters_;
  PathWork& work_;
  PathFacts start_;
  PathState state_;
  std::vector<PathDecision> assumed_;  // since start_, in normal form
  Branch branch_;
  ProgramPath out_;
  size_t decisions_ = 0;
  std::vector<PathLoop> loops_;
  bool possible_ = true;
};

}  // namespace tablegate::loader
