#include "script/program_paths.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "script/path_walker.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;

// Not more walks than this look for all paths; some of them end in no path.
constexpr size_t kAllWalks = 4 * kAllPaths;
constexpr size_t kFewTests = 16;

// Of each way to search, the first of which suffices is taken.
constexpr uint64_t kSteps = 6000000;
constexpr uint64_t kText = 2500000;

// A test that decides something, and what must be so for it to be asked.
struct PathTest {
  size_t around = 0;  // number of a PathAround from 1; 0: nothing
  PathDecision own;   // true
};

struct PathAround {
  size_t around = 0;  // what is around this; as above
  PathDecision decision;
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

  // The outermost first.
  std::vector<const PathDecision*> around(const PathTest& test) const {
    std::vector<const PathDecision*> out;
    for (size_t at = test.around; at != 0; at = around_[at - 1].around)
      out.push_back(&around_[at - 1].decision);
    std::reverse(out.begin(), out.end());
    return out;
  }

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

  // Content that is added next is inside.
  void enter(PathDecision decision) {
    around_.push_back({inside_, std::move(decision)});
    inside_ = around_.size();
  }

  PathDecision found(Expression test, bool of_item) {
    lists_in(test);
    PathDecision own{std::move(test), true, of_item};
    if (known_.insert(test_key(normal_test(own.test))).second) tests_.push_back({inside_, own});
    enter(own);
    return own;
  }

  PathDecision found(const core::Condition& condition) {
    return found(condition_test(condition, loops_), condition.test && reads_loop(*condition.test));
  }

  template <class Plain>
  void add(const Plain& node) {
    (void)node;  // text, a table, a placeholder
  }
  void add(const core::ListNode& node) { found_list(node.parameter); }
  void add(const core::ListItemNode& node) { found_list(node.parameter); }
  void add(const core::IfNode& node) {
    const size_t before = inside_;
    found(node.condition);
    add(node.then);
    inside_ = before;
  }
  void add(const core::ChooseNode& node) {
    const size_t before = inside_;
    for (const core::IfNode& when : node.whens) {
      const size_t outside = inside_;
      PathDecision own = found(when.condition);
      add(when.then);
      inside_ = outside;
      own.outcome = false;
      enter(std::move(own));
    }
    add(node.otherwise);
    inside_ = before;
  }
  void add(const core::WhereNode& node) { add(node.content); }
  void add(const core::TrimNode& node) { add(node.content); }
  void add(const core::ForeachNode& node) {
    const size_t before = inside_;
    found_list(node.parameter);
    Expression list;
    list.kind = Expression::Kind::parameter;
    list.place = node.parameter;
    found(std::move(list), false);
    loops_.push_back({node.parameter, parameters_.items(node.parameter), 0});
    add(node.content);
    loops_.pop_back();
    inside_ = before;
  }

  const PathParameters& parameters_;
  std::vector<PathTest> tests_;
  std::set<std::string> known_;
  std::map<uint32_t, bool> lists_;
  std::vector<PathAround> around_;
  size_t inside_ = 0;
  std::vector<PathLoop> loops_;
};

class PathSearch {
 public:
  PathSearch(const core::Nodes& nodes, const PathParameters& parameters)
      : nodes_(nodes), parameters_(parameters), tests_(parameters) {
    tests_.add(nodes);
  }

  // False: there are more than kAllPaths, or they cost too much.
  bool all() {
    begin(true);
    // Nearly each state that is open is a path. The exceptions are found where there are few conditions.
    const size_t most_open = tests_.tests().size() > kFewTests ? kAllPaths : kAllWalks;
    std::vector<PathState> open;
    open.push_back(start());
    size_t walks = 0;
    while (!open.empty()) {
      if (paths_.size() == kAllPaths || open.size() > most_open || walks++ == kAllWalks) return false;
      PathState state = std::move(open.back());
      open.pop_back();
      walk(std::move(state), [&](PathState other) {
        if (open.size() <= most_open) open.push_back(std::move(other));
      });
      if (work_.spent()) return false;
    }
    return true;
  }

  // False: it costs too much. The paths so far are kept.
  bool few(bool combines, bool pairs) {
    begin(combines);
    walk_alone(start());
    most();
    const std::vector<PathTest>& tests = tests_.tests();
    for (size_t first = 0; first < tests.size() && !work_.spent(); ++first) {
      PathState one = start();
      if (!assume(one, tests[first])) continue;
      walk_alone(copy(one));
      for (size_t second = first + 1; pairs && second < tests.size() && !work_.spent(); ++second) {
        PathState two = copy(one);
        if (assume(two, tests[second])) walk_alone(std::move(two));
      }
    }
    return !work_.spent();
  }

  std::vector<std::optional<ProgramPath>> same(const std::vector<const ProgramPath*>& paths, bool combined) {
    begin(combined);
    std::vector<std::optional<ProgramPath>> found;
    for (const ProgramPath* const path : paths) {
      PathState state = start();
      const bool known =
          !work_.spent() && std::all_of(path->decided.begin(), path->decided.end(),
                                        [&](const PathDecision& one) { return assume(state, one); });
      found.push_back(known ? PathWalker(parameters_, work_, std::move(state), {}).walk(nodes_)
                            : std::nullopt);
    }
    return found;
  }

  size_t count() const { return tests_.tests().size(); }
  std::vector<ProgramPath> take() { return std::move(paths_); }

 private:
  void begin(bool combines) {
    paths_.clear();
    known_.clear();
    work_ = {kSteps, kText, combines};
  }

  PathState start() { return {PathFacts(parameters_.always, tests_.lists(), work_), {}}; }

  static PathState copy(const PathState& state) { return {state.facts.copy(), state.decided}; }

  // As many tests true as possible, the first ones before the others.
  void most() {
    PathState most = start();
    for (const PathTest& test : tests_.tests()) {
      if (work_.spent()) return;
      PathState more = copy(most);
      if (assume(more, test)) most = std::move(more);
    }
    walk_alone(std::move(most));
  }

  // False: it cannot be.
  bool assume(PathState& state, const PathDecision& one) {
    work_.steps += 5 * expression_size(one.test);
    const Expression test = normal_test(one.test);
    const bool known = state.facts.truth(test).has_value();
    if (!state.facts.assume(test, one.outcome)) return false;
    if (!known) state.decided.push_back(one);
    return true;
  }

  bool assume(PathState& state, const PathTest& test) {
    for (const PathDecision* one : tests_.around(test)) {
      if (!assume(state, *one)) return false;
    }
    return assume(state, test.own);
  }

  void walk(PathState state, const PathWalker::Branch& branch) {
    // cppcheck-suppress accessMoved
    std::optional<ProgramPath> path = PathWalker(parameters_, work_, std::move(state), branch).walk(nodes_);
    if (path && known_.insert(path->decisions).second) paths_.push_back(std::move(*path));
  }

  void walk_alone(PathState state) { walk(std::move(state), {}); }

  const core::Nodes& nodes_;
  const PathParameters& parameters_;
  PathTests tests_;
  PathWork work_;
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

ProgramPaths program_paths(const core::Nodes& nodes, const PathParameters& parameters) {
  PathSearch search(nodes, parameters);
  const bool complete = search.all();
  bool combined = true;
  if (!complete) {
    const bool pairs = search.count() <= kPairedConditions;
    if (!pairs || !search.few(true, true)) {
      combined = false;
      // What this cannot pay for is not looked at.
      if (!pairs || !search.few(false, true)) search.few(false, false);
    }
  }
  std::vector<ProgramPath> paths = search.take();
  std::stable_sort(paths.begin(), paths.end(), [](const ProgramPath& a, const ProgramPath& b) {
    return a.present.size() != b.present.size() ? a.present.size() < b.present.size() : a.present < b.present;
  });
  return {std::move(paths), complete, combined};
}

std::vector<std::optional<ProgramPath>> same_paths(const core::Nodes& nodes, const PathParameters& parameters,
                                                   const std::vector<const ProgramPath*>& paths,
                                                   bool combined) {
  return PathSearch(nodes, parameters).same(paths, combined);
}

}  // namespace tablegate::loader
