#include "core/plan/program.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>

namespace tablegate::core {

namespace {

constexpr std::string_view kSpaces = " \t\r\n\f\v";

// Write down the decisions of a walk as a Path has them.
struct ShortDecisions {
  uint64_t bits = 0;
  uint64_t next = 1;

  void add(bool outcome) {
    bits |= outcome ? next : 0;
    next <<= 1U;
  }
};

struct LongDecisions {
  explicit LongDecisions(char* bytes) : more(bytes) {}

  uint64_t bits = 0;
  char* more;  // zeroed
  size_t place = 0;

  void add(bool outcome) {
    if (place < Path::kShort) {
      bits |= uint64_t{outcome} << place;
    } else {
      char& byte = more[(place - Path::kShort) / 8];
      byte = static_cast<char>(byte | (outcome ? 1 : 0) << (place - Path::kShort) % 8);
    }
    ++place;
  }
};

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

  bool known(uint32_t parameter, const std::string& pointer) {
    return parameter < program_.parameters() || fail(pointer, "is no parameter of the API");
  }

  bool add(const TextNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    return !node.sql.empty() || fail(pointer, "must not be empty");
  }

  bool add(const TableNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (node.name.empty()) return fail(pointer + "/table", "must not be empty");
    if (tables_.insert(node.name).second) program_.tables_.push_back(node.name);
    return true;
  }

  bool add(const ValueNode& node, const std::string& pointer, size_t depth) {
    (void)depth;
    if (!known(node.parameter, pointer + "/value")) return false;
    program_.steps_.push_back({Kind::value, node.parameter, 0});
    ++program_.values_;
    return true;
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

  bool add(const ChooseNode& node, const std::string& pointer, size_t depth) {
    if (node.whens.empty()) return fail(pointer + "/choose", "must not be empty");
    std::vector<size_t> jumps;
    for (size_t place = 0; place < node.whens.size(); ++place) {
      const std::string here = pointer + "/choose/" + std::to_string(place);
      if (++nodes_ > kMaxNodes) return fail(here, "is one node too many");
      size_t open = 0;
      if (!decide(node.whens[place], here, "/when", depth + 1, open)) return false;
      jumps.push_back(program_.steps_.size());
      program_.steps_.push_back({Kind::jump, 0, 0});
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
    return overrides(node.prefix_overrides, pointer + "/prefix_overrides") &&
           overrides(node.suffix_overrides, pointer + "/suffix_overrides") &&
           add(node.content, pointer + "/trim", depth);
  }

  // The step of a decision and those of what it decides about. `open`: place of the former, whose target is
  // the caller's to set.
  bool decide(const IfNode& node, const std::string& pointer, const char* member, size_t depth,
              size_t& open) {
    if (!known(node.condition.present, pointer + member + "/present")) return false;
    open = program_.steps_.size();
    program_.steps_.push_back({Kind::decide, node.condition.present, 0});
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
  std::unordered_set<std::string> tables_;  // those of program_.tables_
  Error error_;
};

Result<Program> Program::build(Nodes nodes, std::vector<uint32_t> parameter_types) {
  Program program;
  program.parameter_types_ = std::move(parameter_types);
  if (std::find(program.parameter_types_.begin(), program.parameter_types_.end(), 0U) !=
      program.parameter_types_.end())
    return Error{"has a parameter without a type", {}};
  Builder builder(program);
  if (!builder.add(nodes, "", 0)) return builder.error();
  program.nodes_ = std::move(nodes);
  program.steps_.shrink_to_fit();
  program.straight_ = program.needs_no_walk();
  return program;
}

bool Program::needs_no_walk() const {
  for (size_t place = 0; place < steps_.size(); ++place) {
    if (steps_[place].kind != Step::Kind::value || steps_[place].parameter != place) return false;
  }
  return true;
}

bool Program::follow(const char* const* bound, Arena& arena, Walk& out) const {
  out.path = {};
  // One more than there are placeholders, so that the list is never empty.
  auto** const values =
      static_cast<const char**>(arena.allocate((static_cast<size_t>(values_) + 1) * sizeof(const char*)));
  if (values == nullptr) return false;
  const char** end = nullptr;
  if (decisions_ <= Path::kShort) {
    ShortDecisions decisions;
    end = take_steps(bound, values, decisions);
    out.path.bits = decisions.bits;
  } else {
    const size_t size = (decisions_ - Path::kShort + 7) / 8;
    char* const more = static_cast<char*>(arena.allocate(size));
    if (more == nullptr) return false;
    std::memset(more, 0, size);
    LongDecisions decisions(more);
    end = take_steps(bound, values, decisions);
    out.path = {decisions.bits, {more, size}};
  }
  out.count = static_cast<int>(end - values);
  out.values = values;
  return true;
}

// Returns the place after the last value.
template <class Decisions>
const char** Program::take_steps(const char* const* bound, const char** next, Decisions& decisions) const {
  using Kind = Step::Kind;
  const Step* const steps = steps_.data();
  const Step* const end = steps + steps_.size();
  for (const Step* step = steps; step != end;) {
    const char* const value = bound[step->parameter];
    if (step->kind == Kind::value) {
      *next++ = value;
    } else if (step->kind == Kind::optional) {
      decisions.add(value != nullptr);
      *next = value;
      next += value != nullptr ? 1 : 0;
    } else {
      if (step->kind == Kind::decide) decisions.add(value != nullptr);
      if (step->kind == Kind::jump || value == nullptr) {
        step = steps + step->target;
        continue;
      }
    }
    ++step;
  }
  return next;
}

}  // namespace tablegate::core
