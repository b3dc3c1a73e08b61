// Program::build(): checks a tree and writes down its steps.
#include "core/plan/program.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace tablegate::core {

namespace {

constexpr std::string_view kSpaces = " \t\r\n\f\v";

}  // namespace

// Checks the tree and writes down its steps.
class Program::Builder {
 public:
  explicit Builder(Program& program) : program_(program) {}

  bool add(const Nodes& nodes, const std::string& pointer, size_t depth) {
    if (depth > kMaxNodeDepth) return fail(pointer, "is nested too deeply");
    for (size_t place = 0; place < nodes.size(); ++place) {
      const std::string here = pointer + "/" + std::to_string(place);
      if (++nodes_ > kMaxNodes) return fail(here, "is one node too many");
      const bool good =
          std::visit([&](const auto& node) { return add(node, here, depth + 1); }, nodes[place].is);
      if (!good) return false;
    }
    return true;
  }

  const Error& error() const { return error_; }

 private:
  using Kind = Step::Kind;

  bool fail(std::string pointer, const char* message) {
    error_ = {message, std::move(pointer)};
    return false;
  }

  const PlaceholderType& type(uint32_t parameter) const { return program_.parameter_types_[parameter]; }

  bool known(uint32_t parameter, const std::string& pointer) {
    return parameter < program_.parameters() || fail(pointer, "is no parameter of the API");
  }

  bool known_list(uint32_t parameter, const std::string& pointer) {
    return known(parameter, pointer) && (type(parameter).item != 0 || fail(pointer, "is no list parameter"));
  }

  void push(Kind kind, uint32_t parameter) {
    Step step;
    step.kind = kind;
    step.parameter = parameter;
    program_.steps_.push_back(step);
  }

  bool bind(uint32_t parameter) {
    push(Kind::value, parameter);
    ++program_.values_;
    return true;
  }

  bool add(const TextNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    loop_text_ += node.sql.size();
    return !node.sql.empty() || fail(pointer, "must not be empty");
  }

  bool add(const TableNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (node.name.empty()) return fail(pointer + "/table", "must not be empty");
    loop_text_ += node.name.size();
    if (tables_.insert(node.name).second) program_.tables_.push_back(node.name);
    return true;
  }

  bool add(const GenerationNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    return !node.table.empty() || fail(pointer + "/generation", "must not be empty");
  }

  bool add(const ValueNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (!known(node.parameter, pointer + "/value")) return false;
    if (type(node.parameter).item != 0) return fail(pointer + "/value", "is a list parameter");
    return bind(node.parameter);
  }

  bool add(const ListNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    return known_list(node.parameter, pointer + "/list") && bind(node.parameter);
  }

  bool add(const ItemNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (node.level >= loops_) return fail(pointer + "/item", "is in no foreach of that level");
    push(Kind::item, node.level);
    return true;
  }

  // Not built yet.
  bool add(const IndexNode&, const std::string& pointer, size_t) { return fail(pointer, "is not supported"); }
  bool add(const ListItemNode&, const std::string& pointer, size_t) {
    return fail(pointer, "is not supported");
  }
  bool add(const RejectNode&, const std::string& pointer, size_t) {
    return fail(pointer, "is not supported");
  }

  bool add(const IfNode& node, const std::string& pointer, size_t depth) {
    size_t open = 0;
    if (!decide(node, pointer, "/if", depth, open)) return false;
    // An optional condition of a wizard is one step.
    std::vector<Step>& steps = program_.steps_;
    if (steps.size() == open + 2 && steps[open + 1].kind == Kind::value &&
        steps[open + 1].parameter == node.condition.present) {
      steps.pop_back();
      steps[open].kind = Kind::optional;
    } else {
      steps[open].target = end();
    }
    return true;
  }

  bool add(const ForeachNode& node, const std::string& pointer, size_t depth) {
    if (!known_list(node.parameter, pointer + "/parameter")) return false;
    if (loops_ == kMaxLoops) return fail(pointer, "is nested too deeply");
    program_.loops_ = true;
    loop_text_ += node.open.size() + node.close.size();
    const size_t text_around = std::exchange(loop_text_, node.separator.size());
    const size_t open = end();
    push(Kind::loop, node.parameter);
    ++loops_;
    if (!add(node.content, pointer + "/foreach", depth)) return false;
    --loops_;
    push(Kind::next, 0);
    std::vector<Step>& steps = program_.steps_;
    steps[open].pad = node.pad;
    steps[open].target = end();
    steps.back().target = static_cast<uint32_t>(open + 1);
    steps[open].text = static_cast<uint32_t>(std::min<size_t>(loop_text_, UINT32_MAX));
    loop_text_ = text_around;
    return true;
  }

  bool add(const ChooseNode& node, const std::string& pointer, size_t depth) {
    if (node.whens.empty()) return fail(pointer + "/choose", "must not be empty");
    std::vector<size_t> jumps;
    for (size_t place = 0; place < node.whens.size(); ++place) {
      const std::string here = pointer + "/choose/" + std::to_string(place);
      if (++nodes_ > kMaxNodes) return fail(here, "is one node too many");
      size_t open = 0;
      if (!decide(node.whens[place], here, "/when", depth + 1, open)) return false;
      jumps.push_back(program_.steps_.size());
      push(Kind::jump, 0);
      program_.steps_[open].target = end();
    }
    if (!add(node.otherwise, pointer + "/otherwise", depth)) return false;
    for (const size_t jump : jumps) program_.steps_[jump].target = end();
    return true;
  }

  bool add(const WhereNode& node, const std::string& pointer, size_t depth) {
    return add(node.content, pointer + "/where", depth);
  }

  bool add(const TrimNode& node, const std::string& pointer, size_t depth) {
    loop_text_ += node.prefix.size() + node.suffix.size();
    return overrides(node.prefix_overrides, pointer + "/prefix_overrides") &&
           overrides(node.suffix_overrides, pointer + "/suffix_overrides") &&
           add(node.content, pointer + "/trim", depth);
  }

  // The step of a decision and those of what it decides about. `open`: place of the former, whose target is
  // the caller's to set.
  bool decide(const IfNode& node, const std::string& pointer, const char* member, size_t depth,
              size_t& open) {
    if (node.condition.test) return fail(pointer + member, "is not supported");
    if (!known(node.condition.present, pointer + member + "/present")) return false;
    open = program_.steps_.size();
    push(Kind::decide, node.condition.present);
    ++program_.decisions_;
    return add(node.then, pointer + "/then", depth);
  }

  // Words that may be cut off. A `$` could be that of a placeholder, which must stay.
  bool overrides(const std::vector<std::string>& words, const std::string& pointer) {
    for (size_t place = 0; place < words.size(); ++place) {
      const std::string& word = words[place];
      if (!word.empty() && word.find('$') == std::string::npos &&
          kSpaces.find(word.front()) == std::string_view::npos &&
          kSpaces.find(word.back()) == std::string_view::npos)
        continue;
      return fail(pointer + "/" + std::to_string(place),
                  "must be a word without $ and without spaces around it");
    }
    return true;
  }

  uint32_t end() const { return static_cast<uint32_t>(program_.steps_.size()); }

  Program& program_;
  size_t nodes_ = 0;
  size_t loops_ = 0;                        // around the node that is added
  size_t loop_text_ = 0;                    // bytes that one round of the innermost of them writes at most
  std::unordered_set<std::string> tables_;  // those of program_.tables_
  Error error_;
};

Result<Program> Program::build(Nodes nodes, std::vector<PlaceholderType> parameter_types) {
  Program program;
  program.parameter_types_ = std::move(parameter_types);
  const std::vector<PlaceholderType>& types = program.parameter_types_;
  if (std::any_of(types.begin(), types.end(), [](const PlaceholderType& type) { return type.oid == 0; }))
    return Error{"has a parameter without a type", {}};
  Builder builder(program);
  if (!builder.add(nodes, "", 0)) return builder.error();
  program.nodes_ = std::move(nodes);
  program.steps_.shrink_to_fit();
  program.straight_ = program.needs_no_walk();
  return program;
}

}  // namespace tablegate::core
