// Program::build(): checks a tree and writes down its steps.
#include "core/plan/program.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/plan/decimal.hpp"

namespace tablegate::core {

namespace {

constexpr std::string_view kSpaces = " \t\r\n\f\v";

bool is_plain_decimal(std::string_view text) {
  BlockArena arena;
  ExpressionWork work(arena);
  Decimal number;
  return read_decimal(text, false, work, number);
}

// Whether an expression has as many operands as its kind requires.
bool has_operands(const Expression& expression) {
  using Is = Expression::Kind;
  const size_t count = expression.operands.size();
  switch (expression.kind) {
    case Is::null:
    case Is::boolean:
    case Is::number:
    case Is::text:
    case Is::parameter:
    case Is::item:
    case Is::index:
      return count == 0;
    case Is::negate:
    case Is::logical_not:
      return count == 1;
    case Is::logical_and:
    case Is::logical_or:
    case Is::in:
    case Is::not_in:
      return count >= 2;
    case Is::call:
      return expression.place <= static_cast<uint32_t>(Method::to_upper_case) &&
             count == 1 + method_arguments(static_cast<Method>(expression.place));
    default:
      return count == 2;
  }
}

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
      if (rejects_ && !std::holds_alternative<RejectNode>(nodes[place].is))
        return fail(here, "must not come after a node that rejects calls");
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

  void push(Kind kind, uint32_t parameter, uint32_t target = 0) {
    Step step;
    step.kind = kind;
    step.parameter = parameter;
    step.target = target;
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
    if (!known_list(node.parameter, pointer + "/list")) return false;
    push(Kind::list, node.parameter);
    ++program_.values_;
    return true;
  }

  bool add(const ItemNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (node.level >= loops_) return fail(pointer + "/item", "is in no foreach of that level");
    push(Kind::item, node.level);
    return true;
  }

  bool add(const IndexNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (node.level >= loops_) return fail(pointer + "/index", "is in no foreach of that level");
    push(Kind::index, node.level);
    return true;
  }

  bool add(const ListItemNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (!known_list(node.parameter, pointer + "/list_item")) return false;
    push(Kind::list_item, node.parameter, node.place);
    ++program_.values_;
    return true;
  }

  bool add(const RejectNode& node, const std::string& pointer, size_t depth) {
    if (depth != 1) return fail(pointer, "must be one of the last nodes of the program");
    if (!test(node.when, pointer + "/reject", Kind::reject)) return false;
    if (node.parameters.empty()) return fail(pointer + "/parameters", "must not be empty");
    std::string names;
    for (const uint32_t parameter : node.parameters) {
      if (!known(parameter, pointer + "/parameters")) return false;
      names += (names.empty() ? "" : ", ") + program_.names_[parameter];
    }
    program_.steps_.back().target = static_cast<uint32_t>(program_.rejections_.size());
    if (node.parameters.size() == 1)
      program_.rejections_.push_back(
          {names, "must have another value: this API has no statement for this one"});
    else
      program_.rejections_.push_back(
          {{}, "parameters " + names + " must have other values: this API has no statement for these"});
    rejects_ = true;
    return true;
  }

  bool add(const IfNode& node, const std::string& pointer, size_t depth) {
    size_t open = 0;
    if (!decide(node, pointer, "/if", depth, open)) return false;
    // An optional condition of a wizard is one step.
    std::vector<Step>& steps = program_.steps_;
    if (steps.size() == open + 2 && steps[open].kind == Kind::decide &&
        (steps[open + 1].kind == Kind::value || steps[open + 1].kind == Kind::list) &&
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
    open = program_.steps_.size();
    if (node.condition.test) {
      if (!test(*node.condition.test, pointer + member + "/test", Kind::test)) return false;
    } else {
      if (!known(node.condition.present, pointer + member + "/present")) return false;
      push(Kind::decide, node.condition.present);
    }
    ++program_.decisions_;
    return add(node.then, pointer + "/then", depth);
  }

  // The step of this kind, by a copy of the expression.
  bool test(const Expression& expression, const std::string& pointer, Kind kind) {
    if (!check(expression, pointer, 0)) return false;
    push(kind, static_cast<uint32_t>(program_.tests_.size()));
    program_.tests_.push_back(expression);
    return true;
  }

  bool check(const Expression& expression, const std::string& pointer, size_t depth) {
    using Is = Expression::Kind;
    if (depth == kMaxExpressionDepth) return fail(pointer, "is nested too deeply");
    if (++nodes_ > kMaxNodes) return fail(pointer, "is one node too many");
    if (!has_operands(expression)) return fail(pointer, "has the wrong number of operands");
    switch (expression.kind) {
      case Is::boolean:
        if (expression.place > 1) return fail(pointer, "is neither true nor false");
        break;
      case Is::number:
        if (!is_plain_decimal(expression.text))
          return fail(pointer + "/value", "is no number in plain decimal notation");
        break;
      case Is::parameter:
        if (!known(expression.place, pointer + "/place")) return false;
        break;
      case Is::item:
      case Is::index:
        if (expression.place >= loops_) return fail(pointer + "/place", "is in no foreach of that level");
        break;
      default:
        break;
    }
    for (size_t place = 0; place < expression.operands.size(); ++place) {
      if (!check(expression.operands[place], pointer + "/of/" + std::to_string(place), depth + 1))
        return false;
    }
    return true;
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
  bool rejects_ = false;                    // a RejectNode was added
  size_t loops_ = 0;                        // around the node that is added
  size_t loop_text_ = 0;                    // bytes that one round of the innermost of them writes at most
  std::unordered_set<std::string> tables_;  // those of program_.tables_
  Error error_;
};

Result<Program> Program::build(Nodes nodes, std::vector<PlaceholderType> parameter_types,
                               std::vector<std::string> names) {
  Program program;
  program.names_ = std::move(names);
  program.names_.resize(parameter_types.size());
  program.parameter_types_ = std::move(parameter_types);
  const std::vector<PlaceholderType>& types = program.parameter_types_;
  if (std::any_of(types.begin(), types.end(), [](const PlaceholderType& type) { return type.oid == 0; }))
    return Error{"has a parameter without a type", {}};
  Builder builder(program);
  if (!builder.add(nodes, "", 0)) return builder.error();
  program.nodes_ = std::move(nodes);
  program.steps_.shrink_to_fit();
  program.straight_ = program.needs_no_walk();
  program.often_ = program.uses_a_value_often();
  return program;
}

}  // namespace tablegate::core
