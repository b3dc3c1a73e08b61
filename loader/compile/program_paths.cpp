#include "compile/program_paths.hpp"

#include <algorithm>
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

// Follows the nodes as Program::walk() does, with the truth of each condition given.
class Walker {
 public:
  Walker(const PathParameters& parameters, const std::set<uint32_t>& present)
      : parameters_(parameters), present_(present) {}

  void walk(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) {
      std::visit([this](const auto& one) { take(one); }, node.is);
    }
  }

  ProgramPath finish() {
    out_.present.assign(present_.begin(), present_.end());
    return std::move(out_);
  }

 private:
  struct Loop {
    uint32_t parameter = 0;
    size_t count = 0;
    size_t round = 0;
  };

  bool is_present(uint32_t parameter) const {
    return parameters_.always(parameter) || present_.count(parameter) != 0;
  }

  bool decide(bool outcome) {
    if (decisions_ % 8 == 0) out_.decisions += '\0';
    if (outcome)
      out_.decisions.back() =
          static_cast<char>(static_cast<unsigned char>(out_.decisions.back()) | 1U << decisions_ % 8);
    ++decisions_;
    return outcome;
  }

  void take(const core::TextNode& node) { (void)node; }
  void take(const core::TableNode& node) { (void)node; }
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
  const std::set<uint32_t>& present_;
  ProgramPath out_;
  size_t decisions_ = 0;
  std::vector<Loop> loops_;
};

// Which of `all` are present, by path.
std::vector<std::set<uint32_t>> combinations(const std::vector<uint32_t>& all) {
  std::vector<std::set<uint32_t>> sets;
  if (all.size() < 64 && size_t{1} << all.size() <= kAllPaths) {
    for (size_t bits = 0; bits < size_t{1} << all.size(); ++bits) {
      std::set<uint32_t>& set = sets.emplace_back();
      for (size_t place = 0; place < all.size(); ++place) {
        if ((bits >> place & 1U) != 0) set.insert(all[place]);
      }
    }
    std::stable_sort(sets.begin(), sets.end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    return sets;
  }
  sets.emplace_back();
  for (const uint32_t one : all) sets.push_back({one});
  for (size_t first = 0; first < all.size(); ++first) {
    for (size_t second = first + 1; second < all.size(); ++second) sets.push_back({all[first], all[second]});
  }
  sets.emplace_back(all.begin(), all.end());
  return sets;
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
  Deciders deciders(parameters);
  deciders.add(nodes);
  std::vector<ProgramPath> paths;
  std::set<std::string> known;
  for (const std::set<uint32_t>& present : combinations(deciders.take())) {
    Walker walker(parameters, present);
    walker.walk(nodes);
    ProgramPath path = walker.finish();
    if (known.insert(path.decisions).second) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace tablegate::loader
