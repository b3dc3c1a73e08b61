#include "script/program_paths.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace tablegate::loader {
namespace {

// The parameters that decide something, each once. A foreach decides by whether its list is there.
class Deciders {
 public:
  explicit Deciders(const PathParameters& parameters) : parameters_(parameters) {}

  void add(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) {
      std::visit([this](const auto& one) { add(one); }, node.is);
    }
  }

  std::vector<uint32_t> take() const { return {found_.begin(), found_.end()}; }

 private:
  void decide(uint32_t parameter) {
    if (!parameters_.always(parameter)) found_.insert(parameter);
  }

  template <class Plain>
  void add(const Plain& node) {
    (void)node;  // text, a table, a placeholder
  }
  void add(const core::IfNode& node) {
    decide(node.condition.present);
    add(node.then);
  }
  void add(const core::ChooseNode& node) {
    for (const core::IfNode& when : node.whens) add(when);
    add(node.otherwise);
  }
  void add(const core::WhereNode& node) { add(node.content); }
  void add(const core::TrimNode& node) { add(node.content); }
  void add(const core::ForeachNode& node) {
    decide(node.parameter);
    add(node.content);
  }

  const PathParameters& parameters_;
  std::set<uint32_t> found_;
};

// What is decided about parameters; of others nothing is said.
using Truth = std::map<uint32_t, bool>;

// Follows the nodes as Program::walk() does, with the truth of each condition given. A condition that is not
// given is false here, and asked for with the truth so far: where it is true, another path begins.
class Walker {
 public:
  using Branch = std::function<void(Truth truth)>;

  Walker(const PathParameters& parameters, Truth truth, Branch branch)
      : parameters_(parameters), truth_(std::move(truth)), branch_(std::move(branch)) {}

  void walk(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) {
      std::visit([this](const auto& one) { take(one); }, node.is);
    }
  }

  ProgramPath finish() {
    for (const auto& [parameter, present] : truth_) {
      if (present) out_.present.push_back(parameter);
    }
    return std::move(out_);
  }

 private:
  struct Loop {
    uint32_t parameter = 0;
    size_t count = 0;
    size_t round = 0;
  };

  bool is_present(uint32_t parameter) {
    if (parameters_.always(parameter)) return true;
    const auto [known, first] = truth_.try_emplace(parameter, false);
    if (first) {
      Truth other = truth_;
      other[parameter] = true;
      branch_(std::move(other));
    }
    return known->second;
  }

  bool decide(bool outcome) {
    if (decisions_ % 8 == 0) out_.decisions += '\0';
    if (outcome)
      out_.decisions.back() =
          static_cast<char>(static_cast<unsigned char>(out_.decisions.back()) | 1U << decisions_ % 8);
    ++decisions_;
    return outcome;
  }

  template <class Plain>
  void take(const Plain& node) {
    (void)node;  // text, a table
  }
  void take(const core::ValueNode& node) { out_.values.push_back({node.parameter}); }
  void take(const core::ListNode& node) { out_.values.push_back({node.parameter}); }
  void take(const core::ItemNode& node) {
    const Loop& loop = loops_[loops_.size() - 1 - node.level];
    out_.values.push_back({loop.parameter, std::min(loop.round, loop.count - 1)});
  }
  void take(const core::IfNode& node) {
    if (decide(is_present(node.condition.present))) walk(node.then);
  }
  void take(const core::ChooseNode& node) {
    for (const core::IfNode& when : node.whens) {
      if (decide(is_present(when.condition.present))) return walk(when.then);
    }
    walk(node.otherwise);
  }
  void take(const core::WhereNode& node) { walk(node.content); }
  void take(const core::TrimNode& node) { walk(node.content); }
  void take(const core::ForeachNode& node) {
    const size_t count = is_present(node.parameter) ? parameters_.items(node.parameter) : 0;
    size_t rounds = count > 0 && node.pad ? 1 : count;
    while (rounds < count) rounds *= 2;
    for (size_t bit = 0; bit < core::kLoopBits; ++bit) decide((rounds >> bit & 1U) != 0);
    for (size_t round = 0; round < rounds; ++round) {
      loops_.push_back({node.parameter, count, round});
      walk(node.content);
      loops_.pop_back();
    }
  }

  const PathParameters& parameters_;
  Truth truth_;
  Branch branch_;
  ProgramPath out_;
  size_t decisions_ = 0;
  std::vector<Loop> loops_;
};

// All of them; empty: there are more than kAllPaths.
std::vector<ProgramPath> all_paths(const core::Nodes& nodes, const PathParameters& parameters) {
  std::vector<ProgramPath> paths;
  std::vector<Truth> open(1);
  while (!open.empty()) {
    if (paths.size() == kAllPaths) return {};
    Truth truth = std::move(open.back());
    open.pop_back();
    Walker walker(parameters, std::move(truth), [&open](Truth other) { open.push_back(std::move(other)); });
    walker.walk(nodes);
    paths.push_back(walker.finish());
  }
  return paths;
}

// With none of `all` present, each alone, each pair, and all.
std::vector<Truth> few_combinations(const std::vector<uint32_t>& all) {
  std::vector<Truth> truths(1);
  for (const uint32_t one : all) truths[0][one] = false;
  for (size_t first = 0; first < all.size(); ++first) {
    for (size_t second = first; second < all.size(); ++second) {
      truths.push_back(truths[0]);
      truths.back()[all[first]] = truths.back()[all[second]] = true;
    }
  }
  truths.push_back(truths[0]);
  for (auto& [parameter, present] : truths.back()) present = true;
  return truths;
}

std::vector<ProgramPath> few_paths(const core::Nodes& nodes, const PathParameters& parameters) {
  Deciders deciders(parameters);
  deciders.add(nodes);
  std::vector<ProgramPath> paths;
  std::set<std::string> known;
  for (Truth& truth : few_combinations(deciders.take())) {
    Walker walker(parameters, std::move(truth), [](const Truth& other) { (void)other; });
    walker.walk(nodes);
    ProgramPath path = walker.finish();
    if (known.insert(path.decisions).second) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

core::Path ProgramPath::path() const {
  core::Path path;
  for (size_t byte = 0; byte < std::min<size_t>(decisions.size(), 8); ++byte)
    path.bits |= uint64_t{static_cast<unsigned char>(decisions[byte])} << 8 * byte;
  if (decisions.size() > 8) path.more = std::string_view(decisions).substr(8);
  return path;
}

std::vector<ProgramPath> program_paths(const core::Nodes& nodes, const PathParameters& parameters) {
  std::vector<ProgramPath> paths = all_paths(nodes, parameters);
  if (paths.empty()) paths = few_paths(nodes, parameters);
  std::stable_sort(paths.begin(), paths.end(), [](const ProgramPath& a, const ProgramPath& b) {
    return a.present.size() != b.present.size() ? a.present.size() < b.present.size() : a.present < b.present;
  });
  return paths;
}

}  // namespace tablegate::loader
