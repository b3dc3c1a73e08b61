#include "script/program_paths.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "script/path_walker.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;

// Not more walks than this look for all paths; some of them end in no path.
constexpr size_t kAllWalks = 4 * kAllPaths;
constexpr size_t kFewTests = 16;

// A test that decides something, and what must be so for it to be asked.
struct PathTest {
  std::vector<PathDecision> around;
  PathDecision own;  // true
};

// The tests of a program, each once, and the parameters that are lists.
class PathTests {
 public:
  explicit PathTests(const PathParameters& parameters) : parameters_(parameters) {}

  void add(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) {
      std::visit([this](const auto& one) { add(one); }, node.is);
    }
  }

  const std::vector<PathTest>& tests() const { return tests_; }
  // With whether they may be empty where they are present.
  const std::map<uint32_t, bool>& lists() const { return lists_; }

 private:
  bool has_items(uint32_t parameter) const {
    return parameters_.may_be_empty && !parameters_.may_be_empty(parameter);
  }

  void found_list(uint32_t parameter) { lists_.try_emplace(parameter, !has_items(parameter)); }

  void lists_in(const Expression& test) {
    for (const Expression& operand : test.operands) lists_in(operand);
    if (test.kind == Expression::Kind::parameter && has_items(test.place)) found_list(test.place);
    if (test.operands.empty() || test.operands[0].kind != Expression::Kind::parameter) return;
    if (test.kind == Expression::Kind::at ||
        (test.kind == Expression::Kind::call && test.place == static_cast<uint32_t>(core::Method::size)))
      found_list(test.operands[0].place);
  }

  void found(Expression test, bool of_item) {
    lists_in(test);
    PathDecision own{std::move(test), true, of_item};
    if (known_.insert(test_key(normal_test(own.test))).second) tests_.push_back({around_, own});
    around_.push_back(std::move(own));
  }

  void found(const core::Condition& condition) {
    found(condition_test(condition, loops_), condition.test && reads_loop(*condition.test));
  }

  template <class Plain>
  void add(const Plain& node) {
    (void)node;  // text, a table, a placeholder
  }
  void add(const core::ListNode& node) { found_list(node.parameter); }
  void add(const core::ListItemNode& node) { found_list(node.parameter); }
  void add(const core::IfNode& node) {
    found(node.condition);
    add(node.then);
    around_.pop_back();
  }
  void add(const core::ChooseNode& node) {
    for (const core::IfNode& when : node.whens) {
      found(when.condition);
      add(when.then);
      around_.back().outcome = false;
    }
    add(node.otherwise);
    around_.resize(around_.size() - node.whens.size());
  }
  void add(const core::WhereNode& node) { add(node.content); }
  void add(const core::TrimNode& node) { add(node.content); }
  void add(const core::ForeachNode& node) {
    found_list(node.parameter);
    Expression list;
    list.kind = Expression::Kind::parameter;
    list.place = node.parameter;
    found(std::move(list), false);
    loops_.push_back({node.parameter, parameters_.items(node.parameter), 0});
    add(node.content);
    loops_.pop_back();
    around_.pop_back();
  }

  const PathParameters& parameters_;
  std::vector<PathTest> tests_;
  std::set<std::string> known_;
  std::map<uint32_t, bool> lists_;
  std::vector<PathDecision> around_;
  std::vector<PathLoop> loops_;
};

class PathSearch {
 public:
  PathSearch(const core::Nodes& nodes, const PathParameters& parameters)
      : nodes_(nodes), parameters_(parameters), tests_(parameters) {
    tests_.add(nodes);
  }

  // False: there are more than kAllPaths.
  bool all() {
    // Nearly each state that is open is a path. The exceptions are found where there are few conditions.
    const size_t most_open = tests_.tests().size() > kFewTests ? kAllPaths : kAllWalks;
    std::vector<PathState> open{start()};
    size_t walks = 0;
    while (!open.empty()) {
      if (paths_.size() == kAllPaths || open.size() > most_open || walks++ == kAllWalks) return false;
      PathState state = std::move(open.back());
      open.pop_back();
      walk(std::move(state), [&](PathState other) {
        if (open.size() <= most_open) open.push_back(std::move(other));
      });
    }
    return true;
  }

  void few() {
    paths_.clear();
    known_.clear();
    const std::vector<PathTest>& tests = tests_.tests();
    walk_alone(start());
    for (size_t first = 0; first < tests.size(); ++first) {
      PathState one = start();
      if (!assume(one, tests[first])) continue;
      walk_alone(one);
      for (size_t second = first + 1; second < tests.size() && tests.size() <= kPairedConditions; ++second) {
        PathState two = one;
        if (assume(two, tests[second])) walk_alone(std::move(two));
      }
    }
    PathState most = start();
    for (const PathTest& test : tests) {
      PathState more = most;
      if (assume(more, test)) most = std::move(more);
    }
    walk_alone(std::move(most));
  }

  std::vector<ProgramPath> take() { return std::move(paths_); }

 private:
  PathState start() const { return {PathFacts(parameters_.always, tests_.lists()), {}}; }

  // False: it cannot be.
  static bool assume(PathState& state, const PathDecision& one) {
    const Expression test = normal_test(one.test);
    const bool known = state.facts.truth(test).has_value();
    if (!state.facts.assume(test, one.outcome)) return false;
    if (!known) state.decided.push_back(one);
    return true;
  }

  static bool assume(PathState& state, const PathTest& test) {
    return std::all_of(test.around.begin(), test.around.end(),
                       [&state](const PathDecision& one) { return assume(state, one); }) &&
           assume(state, test.own);
  }

  void walk(PathState state, const PathWalker::Branch& branch) {
    std::optional<ProgramPath> path = PathWalker(parameters_, std::move(state), branch).walk(nodes_);
    if (path && known_.insert(path->decisions).second) paths_.push_back(std::move(*path));
  }

  void walk_alone(PathState state) { walk(std::move(state), {}); }

  const core::Nodes& nodes_;
  const PathParameters& parameters_;
  PathTests tests_;
  std::vector<ProgramPath> paths_;
  std::set<std::string> known_;
};

}  // namespace

core::Path ProgramPath::path() const {
  core::Path path;
  for (size_t byte = 0; byte < std::min<size_t>(decisions.size(), 8); ++byte)
    path.bits |= uint64_t{static_cast<unsigned char>(decisions[byte])} << 8 * byte;
  if (decisions.size() > 8) path.more = std::string_view(decisions).substr(8);
  return path;
}

std::vector<ProgramPath> program_paths(const core::Nodes& nodes, const PathParameters& parameters) {
  PathSearch search(nodes, parameters);
  if (!search.all()) search.few();
  std::vector<ProgramPath> paths = search.take();
  std::stable_sort(paths.begin(), paths.end(), [](const ProgramPath& a, const ProgramPath& b) {
    return a.present.size() != b.present.size() ? a.present.size() < b.present.size() : a.present < b.present;
  });
  return paths;
}

}  // namespace tablegate::loader
