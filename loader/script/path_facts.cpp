#include "script/path_facts.hpp"

#include <algorithm>
#include <utility>

#include "script/path_condition.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;
using Kind = core::Expression::Kind;

// Cases that possible() looks at.
constexpr size_t kCases = 32;
// With more assumptions than this it looks at none: paths of scripts with so many conditions are only
// samples.
constexpr size_t kTriedAssumptions = 24;

}  // namespace

PathFacts PathFacts::copy() const {
  work_->steps += 10 + size_;
  return *this;
}

const PathFacts::Known* PathFacts::known(const Expression& value) const {
  if (value.kind != Kind::parameter) return nullptr;
  const auto found = known_.find(value.place);
  return found == known_.end() ? nullptr : &found->second;
}

std::optional<bool> PathFacts::is_present(uint32_t parameter) const {
  if ((*always_)(parameter)) return true;
  const auto found = known_.find(parameter);
  return found == known_.end() ? std::nullopt : found->second.present;
}

// A list or a text. Nullopt: it is not known, or the parameter may be absent.
std::optional<bool> PathFacts::is_empty(uint32_t parameter) const {
  if (is_present(parameter) != true) return std::nullopt;
  if (has_items(parameter)) return false;
  const auto found = known_.find(parameter);
  return found == known_.end() ? std::nullopt : found->second.empty;
}

bool PathFacts::is_list(const Expression& value) const {
  return value.kind == Kind::parameter && lists_->count(value.place) != 0;
}

// Whether it is a list that has items wherever it is present.
bool PathFacts::has_items(uint32_t parameter) const {
  const auto found = lists_->find(parameter);
  return found != lists_->end() && !found->second;
}

PathFacts::Null PathFacts::null(const Expression& value) const {
  switch (value.kind) {
    case Kind::null:
      return Null::yes;
    case Kind::boolean:
    case Kind::number:
    case Kind::text:
    case Kind::index:
      return Null::no;
    case Kind::parameter: {
      const std::optional<bool> present = is_present(value.place);
      return !present ? Null::unknown : *present ? Null::no : Null::yes;
    }
    case Kind::call: {
      // Methods of null give null.
      const Null receiver = null(value.operands[0]);
      return receiver == Null::no && value.operands.size() > 1 ? Null::unknown : receiver;
    }
    case Kind::at: {
      const Expression& list = value.operands[0];
      if (null(list) == Null::yes) return Null::yes;
      const std::optional<bool> empty =
          list.kind == Kind::parameter ? is_empty(list.place) : std::optional<bool>();
      if (!empty) return Null::unknown;
      if (*empty) return Null::yes;
      const Expression& place = value.operands[1];
      return place.kind == Kind::number && place.text == "0" ? Null::no : Null::unknown;
    }
    default:
      return Null::unknown;
  }
}

std::optional<bool> PathFacts::equal(const Expression& a, const Expression& b) const {
  const Null left = null(a), right = null(b);
  if (left == Null::yes || right == Null::yes) {
    const Null other = left == Null::yes ? right : left;
    return other == Null::unknown ? std::nullopt : std::optional<bool>(other == Null::yes);
  }
  if (!is_constant(b)) return std::nullopt;
  if (is_constant(a)) return same_constant(a, b);
  if (is_list(a)) return false;
  if (is_size_of_parameter(a) && b.kind == Kind::number) {
    const std::optional<bool> empty = is_empty(a.operands[0].place);
    const bool zero = compare_decimals(b.text, "0") == 0;
    if (!empty) return std::nullopt;
    return *empty ? std::optional<bool>(zero) : zero ? std::optional<bool>(false) : std::nullopt;
  }
  const Known* const all = known(a);
  if (all == nullptr) return std::nullopt;
  if (all->constant) return same_constant(*all->constant, b);
  if (b.kind == Kind::text && all->empty) {
    if (b.text.empty()) return all->empty;
    if (*all->empty) return false;
  }
  work_->steps += all->others.size();
  const auto excluded = [&b](const Expression& one) { return same_constant(one, b) == true; };
  if (std::any_of(all->others.begin(), all->others.end(), excluded)) return false;
  return std::nullopt;
}

// a < b and a <= b, of numbers and of sizes, which are 0 or at least 1.
std::optional<bool> PathFacts::ordered(const Expression& test) const {
  const Expression& a = test.operands[0];
  const Expression& b = test.operands[1];
  if (null(a) == Null::yes || null(b) == Null::yes) return false;
  const bool strict = test.kind == Kind::less;
  const auto compare = [strict](const std::string& x, const std::string& y) {
    const int order = compare_decimals(x, y);
    return strict ? order < 0 : order <= 0;
  };
  if (a.kind == Kind::number && b.kind == Kind::number) return compare(a.text, b.text);
  const bool left = is_size_of_parameter(a) && b.kind == Kind::number;
  if (!left && !(is_size_of_parameter(b) && a.kind == Kind::number)) return std::nullopt;
  const std::optional<bool> empty = is_empty((left ? a : b).operands[0].place);
  if (!empty) return std::nullopt;
  const std::string least = *empty ? "0" : "1";
  const bool at_least = left ? compare(least, b.text) : compare(a.text, least);
  if (*empty) return at_least;
  // Larger sizes: less often on the left, more often on the right.
  return at_least == left ? std::nullopt : std::optional<bool>(at_least);
}

std::optional<bool> PathFacts::noted(const Expression& test) const {
  const std::string key = test_key(test);
  work_->steps += 3 + key.size() / 16;
  const auto found = noted_.find(key);
  return found == noted_.end() ? std::nullopt : std::optional<bool>(found->second);
}

std::optional<bool> PathFacts::truth(const Expression& test) const {
  ++work_->steps;
  std::optional<bool> out;
  switch (test.kind) {
    case Kind::logical_not:
      out = truth(test.operands[0]);
      return out ? std::optional<bool>(!*out) : out;
    case Kind::logical_and:
    case Kind::logical_or: {
      const bool decides = test.kind == Kind::logical_or;
      bool all = true;
      for (const Expression& one : test.operands) {
        const std::optional<bool> part = truth(one);
        if (part == decides) return decides;
        all = all && part.has_value();
      }
      if (all) return !decides;
      break;
    }
    case Kind::null:
      return false;
    case Kind::boolean:
      return test.place != 0;
    case Kind::number:
      return compare_decimals(test.text, "0") != 0;
    case Kind::text:
      return true;
    case Kind::equal:
      out = equal(test.operands[0], test.operands[1]);
      break;
    case Kind::less:
    case Kind::less_or_equal:
      out = ordered(test);
      break;
    default: {
      if (null(test) == Null::yes) return false;
      if (is_list(test)) {
        if (const std::optional<bool> empty = is_empty(test.place)) return !*empty;
      }
      const Known* const all = known(test);
      if (all != nullptr && all->constant) {
        if (all->constant->kind == Kind::boolean) return all->constant->place != 0;
        if (same_constant(*all->constant, {Kind::number, 0, "0", {}}) == false) return true;
      }
      break;
    }
  }
  return out ? out : noted(test);
}

std::vector<uint32_t> PathFacts::present() const {
  std::vector<uint32_t> out;
  for (const auto& [parameter, all] : known_) {
    if (all.present == true) out.push_back(parameter);
  }
  return out;
}

// The truth of a test by that of its parts, as far as they are known one by one.
std::optional<bool> PathFacts::truth_of_parts(const Expression& test) const {
  if (test.kind == Kind::logical_not) {
    const std::optional<bool> part = truth_of_parts(test.operands[0]);
    return part ? std::optional<bool>(!*part) : part;
  }
  if (test.kind != Kind::logical_and && test.kind != Kind::logical_or) return truth(test);
  const bool decides = test.kind == Kind::logical_or;
  bool all = true;
  for (const Expression& one : test.operands) {
    const std::optional<bool> part = truth_of_parts(one);
    if (part == decides) return decides;
    all = all && part.has_value();
  }
  return all ? std::optional<bool>(!decides) : std::nullopt;
}

// The first part of a test that may be either. There is one.
const Expression& PathFacts::undecided(const Expression& test) const {
  for (const Expression& one : test.operands) {
    if (!truth_of_parts(one)) return undecided(one);
  }
  return test;
}

// Whether no other assumption is about its parameters: then it can be as it was assumed.
bool PathFacts::is_alone(const Expression& test) const {
  std::set<uint32_t> parameters;
  add_parameters(test, parameters);
  return std::all_of(parameters.begin(), parameters.end(), [this](uint32_t one) {
    const auto found = by_parameter_.find(one);
    return found != by_parameter_.end() && found->second.size() == 1;
  });
}

bool PathFacts::possible() const {
  if (!work_->combines || assumptions_.size() > kTriedAssumptions) return true;
  size_t budget = kCases;
  return possible(budget);
}

bool PathFacts::possible(size_t& budget) const {
  for (const Assumption& one : assumptions_) {
    const std::optional<bool> known_truth = truth_of_parts(one.test);
    if (known_truth && *known_truth != one.truth) return false;
    if (known_truth || is_alone(one.test)) continue;
    const Expression& part = undecided(one.test);
    for (const bool truth : {true, false}) {
      if (budget == 0 || work_->spent()) return true;
      --budget;
      PathFacts other = copy();
      if (other.assume(part, truth) && other.possible(budget)) return true;
    }
    return false;
  }
  return true;
}

}  // namespace tablegate::loader
