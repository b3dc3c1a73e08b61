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
// With more assumptions it looks at none: paths of scripts with so many conditions are only samples.
constexpr size_t kTriedAssumptions = 24;

// size() of a parameter that is a list, length() of one that is a text.
bool is_size(const Expression& value) {
  return value.kind == Kind::call && value.operands[0].kind == Kind::parameter &&
         value.place == static_cast<uint32_t>(core::Method::size);
}

}  // namespace

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

// Nullopt: it is not known, or the parameter may be absent.
std::optional<bool> PathFacts::is_empty(const Expression& size) const {
  const Expression& value = size.operands[0];
  const Known* const all = known(value);
  if (all == nullptr || is_present(value.place) != true) return std::nullopt;
  return all->empty;
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
      const Known* const all = known(list);
      if (all == nullptr || !all->empty || is_present(list.place) != true) return Null::unknown;
      if (*all->empty) return Null::yes;
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
  if (a.kind == Kind::parameter && lists_->count(a.place) != 0) return false;
  if (is_size(a) && b.kind == Kind::number) {
    const std::optional<bool> empty = is_empty(a);
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
  const bool left = is_size(a) && b.kind == Kind::number;
  if (!left && !(is_size(b) && a.kind == Kind::number)) return std::nullopt;
  const std::optional<bool> empty = is_empty(left ? a : b);
  if (!empty) return std::nullopt;
  const std::string least = *empty ? "0" : "1";
  const bool at_least = left ? compare(least, b.text) : compare(a.text, least);
  if (*empty) return at_least;
  // Larger sizes: less often on the left, more often on the right.
  return at_least == left ? std::nullopt : std::optional<bool>(at_least);
}

std::optional<bool> PathFacts::noted(const Expression& test) const {
  const auto found = noted_.find(test_key(test));
  return found == noted_.end() ? std::nullopt : std::optional<bool>(found->second);
}

std::optional<bool> PathFacts::truth(const Expression& test) const {
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
      const Known* const all = known(test);
      if (all != nullptr && lists_->count(test.place) != 0 && all->empty && is_present(test.place) == true)
        return !*all->empty;
      if (all != nullptr && all->constant) {
        if (all->constant->kind == Kind::boolean) return all->constant->place != 0;
        if (same_constant(*all->constant, {Kind::number, 0, "0", {}}) == false) return true;
      }
      break;
    }
  }
  return out ? out : noted(test);
}

bool PathFacts::assume(const Expression& test, bool truth) {
  if (const std::optional<bool> known_truth = this->truth(test)) return *known_truth == truth;
  std::set<uint32_t> parameters;
  add_parameters(test, parameters);
  for (const uint32_t one : parameters) by_parameter_[one].push_back(assumptions_.size());
  index_parts(test, assumptions_.size());
  assumptions_.push_back({test, truth});
  apply(test, truth);
  follow();
  return !contradiction_;
}

void PathFacts::index_parts(const Expression& test, size_t place) {
  const bool made =
      test.kind == Kind::logical_not || test.kind == Kind::logical_and || test.kind == Kind::logical_or;
  if (!made) by_part_[test_key(test)].push_back(place);
  if (!made) return;
  for (const Expression& one : test.operands) index_parts(one, place);
}

// Looks again at the assumptions about what is known newly.
void PathFacts::follow() {
  while (!contradiction_ && !(changed_.empty() && decided_.empty())) {
    if (!changed_.empty()) {
      const uint32_t parameter = *changed_.begin();
      changed_.erase(changed_.begin());
      follow(by_parameter_[parameter]);
    } else {
      const std::string part = *decided_.begin();
      decided_.erase(decided_.begin());
      follow(by_part_[part]);
    }
  }
}

void PathFacts::follow(const std::vector<size_t>& places) {
  for (const size_t place : places) {
    if (contradiction_) return;
    apply(assumptions_[place].test, assumptions_[place].truth);
  }
}

// What follows from the test being true or false.
void PathFacts::apply(const Expression& test, bool truth) {
  if (contradiction_) return;
  switch (test.kind) {
    case Kind::logical_not:
      return apply(test.operands[0], !truth);
    case Kind::logical_and:
    case Kind::logical_or:
      if (noted_.try_emplace(test_key(test), truth).first->second != truth) contradiction_ = true;
      if (truth == (test.kind == Kind::logical_and)) {
        for (const Expression& one : test.operands) apply(one, truth);
      } else {
        apply_rest(test, truth);
      }
      return;
    default:
      return note(test, truth);
  }
}

// An `and` is false, or an `or` is true: one operand is, and if all others are not, it is the last one.
void PathFacts::apply_rest(const Expression& test, bool truth) {
  const Expression* rest = nullptr;
  for (const Expression& one : test.operands) {
    const std::optional<bool> part = this->truth(one);
    if (part == truth) return;
    if (part) continue;
    if (rest != nullptr) return;
    rest = &one;
  }
  if (rest == nullptr) {
    contradiction_ = true;
  } else {
    apply(*rest, truth);
  }
}

void PathFacts::note(const Expression& test, bool truth) {
  const auto [found, first] = noted_.try_emplace(test_key(test), truth);
  if (found->second != truth) contradiction_ = true;
  if (first) decided_.insert(found->first);
  switch (test.kind) {
    case Kind::equal:
      note_equal(test.operands[0], test.operands[1], truth);
      break;
    case Kind::less:
    case Kind::less_or_equal:
      note_order(test, truth);
      break;
    default:
      if (truth) set_null(test, false);
      if (test.kind == Kind::parameter && lists_->count(test.place) != 0 && is_present(test.place) == true)
        set(test.place, &Known::empty, !truth);
      break;
  }
  // What is known of the parameters may say the opposite.
  if (test.kind == Kind::equal && equal(test.operands[0], test.operands[1]) == !truth) contradiction_ = true;
  if ((test.kind == Kind::less || test.kind == Kind::less_or_equal) && ordered(test) == !truth)
    contradiction_ = true;
}

void PathFacts::note_equal(const Expression& a, const Expression& b, bool truth) {
  if (b.kind == Kind::null) return set_null(a, truth);
  if (!is_constant(b)) return;
  if (truth) set_null(a, false);
  if (is_size(a) && b.kind == Kind::number && is_present(a.operands[0].place) == true) {
    const bool zero = compare_decimals(b.text, "0") == 0;
    if (zero) set_empty(a, truth);
    if (!zero && truth) set_empty(a, false);
  }
  if (a.kind != Kind::parameter) return;
  Known& all = known_[a.place];
  const bool no_text = b.kind == Kind::text && b.text.empty();
  if (truth && !all.constant) {
    const auto excluded = [&b](const Expression& one) { return same_constant(one, b) == true; };
    if (std::any_of(all.others.begin(), all.others.end(), excluded)) contradiction_ = true;
    all.constant = b;
    changed_.insert(a.place);
    if (lists_->count(a.place) == 0 && b.kind == Kind::text) set(a.place, &Known::empty, no_text);
  } else if (!truth) {
    const auto same = [&b](const Expression& one) { return test_key(one) == test_key(b); };
    if (std::none_of(all.others.begin(), all.others.end(), same)) all.others.push_back(b);
    if (no_text && lists_->count(a.place) == 0 && is_present(a.place) == true)
      set(a.place, &Known::empty, false);
  }
}

void PathFacts::note_order(const Expression& test, bool truth) {
  const Expression& a = test.operands[0];
  const Expression& b = test.operands[1];
  if (truth) {
    set_null(a, false);
    set_null(b, false);
  }
  const bool left = is_size(a) && b.kind == Kind::number;
  if (!left && !(is_size(b) && a.kind == Kind::number)) return;
  const Expression& size = left ? a : b;
  if (is_present(size.operands[0].place) != true || is_empty(size)) return;
  // Whether the test, as it was decided, is possible for 0, and for 1 or more.
  PathFacts empty = *this, some = *this;
  empty.known_[size.operands[0].place].empty = true;
  some.known_[size.operands[0].place].empty = false;
  const bool may_be_empty = empty.ordered(test) != !truth;
  const bool may_be_some = some.ordered(test) != !truth;
  if (!may_be_empty && !may_be_some) contradiction_ = true;
  if (may_be_empty != may_be_some) set_empty(size, may_be_empty);
}

void PathFacts::set_null(const Expression& value, bool null) {
  switch (value.kind) {
    case Kind::parameter:
      if ((*always_)(value.place)) {
        contradiction_ = contradiction_ || null;
      } else {
        set(value.place, &Known::present, !null);
      }
      return;
    case Kind::call:
      if (!null || value.operands.size() == 1) set_null(value.operands[0], null);
      return;
    case Kind::at:
      if (null || value.operands[0].kind != Kind::parameter) return;
      set_null(value.operands[0], false);
      return set(value.operands[0].place, &Known::empty, false);
    default:
      return;
  }
}

void PathFacts::set_empty(const Expression& size, bool empty) {
  const uint32_t parameter = size.operands[0].place;
  set(parameter, &Known::empty, empty);
}

void PathFacts::set(uint32_t parameter, std::optional<bool> Known::*member, bool value) {
  std::optional<bool>& known = known_[parameter].*member;
  if (known) {
    contradiction_ = contradiction_ || *known != value;
  } else {
    known = value;
    changed_.insert(parameter);
  }
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
  if (assumptions_.size() > kTriedAssumptions) return true;
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
      if (budget == 0) return true;
      --budget;
      PathFacts other = *this;
      if (other.assume(part, truth) && other.possible(budget)) return true;
    }
    return false;
  }
  return true;
}

}  // namespace tablegate::loader
