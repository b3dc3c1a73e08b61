#include "script/path_walker.hpp"

#include <algorithm>
#include <utility>

namespace tablegate::loader {
using core::Expression;

std::optional<ProgramPath> PathWalker::walk(const core::Nodes& nodes) {
  follow(nodes);
  if (!possible_ || !state_.facts.possible() || work_.spent()) return std::nullopt;
  out_.present = state_.facts.present();
  out_.decided = std::move(state_.decided);
  return std::move(out_);
}

void PathWalker::follow(const core::Nodes& nodes) {
  for (const core::Node& node : nodes) {
    ++work_.steps;
    if (!possible_ || work_.spent()) return;
    std::visit([this](const auto& one) { take(one); }, node.is);
  }
}

// `test`: without items and indexes.
bool PathWalker::truth(const Expression& test, bool of_item) {
  work_.steps += 5 * expression_size(test);
  const Expression normal = normal_test(test);
  if (const std::optional<bool> known = state_.facts.truth(normal)) return *known;
  if (branch_) return branch(test, normal, of_item);
  if (state_.facts.assume(normal, false)) {
    assumed_.push_back({normal, false, of_item});
    state_.decided.push_back({test, false, of_item});
    return false;
  }
  // It cannot be false. What is known is made again, without that.
  assumed_.push_back({normal, true, of_item});
  state_.facts = start_.copy();
  for (const PathDecision& one : assumed_)
    possible_ = state_.facts.assume(one.test, one.outcome) && possible_;
  return true;
}

bool PathWalker::branch(const Expression& test, const Expression& normal, bool of_item) {
  PathState other = {state_.facts.copy(), state_.decided};
  const bool may_be_true = other.facts.assume(normal, true);
  PathFacts facts = state_.facts.copy();
  if (!facts.assume(normal, false)) {
    possible_ = may_be_true;
    state_.facts = std::move(other.facts);
    return true;
  }
  state_.facts = std::move(facts);
  if (may_be_true) {
    other.decided.push_back({test, true, of_item});
    state_.decided.push_back({test, false, of_item});
    branch_(std::move(other));
  }
  return false;
}

bool PathWalker::truth(const core::Condition& condition) {
  return truth(condition_test(condition, loops_), condition.test && reads_loop(*condition.test));
}

bool PathWalker::decide(bool outcome) {
  if (decisions_ % 8 == 0) out_.decisions += '\0';
  if (outcome)
    out_.decisions.back() =
        static_cast<char>(static_cast<unsigned char>(out_.decisions.back()) | 1U << decisions_ % 8);
  ++decisions_;
  return outcome;
}

void PathWalker::take(const core::ItemNode& node) {
  const PathLoop& loop = loops_[loops_.size() - 1 - node.level];
  out_.values.push_back({loop.parameter, loop.item()});
}

void PathWalker::take(const core::IndexNode& node) {
  const PathLoop& loop = loops_[loops_.size() - 1 - node.level];
  out_.values.push_back({loop.parameter, {}, std::to_string(loop.round)});
}

void PathWalker::take(const core::IfNode& node) {
  if (decide(truth(node.condition))) follow(node.then);
}

void PathWalker::take(const core::ChooseNode& node) {
  for (const core::IfNode& when : node.whens) {
    if (decide(truth(when.condition))) return follow(when.then);
  }
  follow(node.otherwise);
}

void PathWalker::take(const core::ForeachNode& node) {
  Expression list;
  list.kind = Expression::Kind::parameter;
  list.place = node.parameter;
  const size_t count = truth(list, false) ? parameters_.items(node.parameter) : 0;
  size_t rounds = count > 0 && node.pad ? 1 : count;
  while (rounds < count) rounds *= 2;
  for (size_t bit = 0; bit < core::kLoopBits; ++bit) decide((rounds >> bit & 1U) != 0);
  for (size_t round = 0; round < rounds && possible_ && !work_.spent(); ++round) {
    loops_.push_back({node.parameter, count, round});
    follow(node.content);
    loops_.pop_back();
  }
}

void PathWalker::take(const core::RejectNode& node) {
  if (state_.facts.truth(normal_test(node.when)) == true) possible_ = false;
}

}  // namespace tablegate::loader
