// PathFacts: what follows from an assumption.
#include <algorithm>
#include <utility>

#include "script/path_condition.hpp"
#include "script/path_facts.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;
using Kind = core::Expression::Kind;

}  // namespace

bool PathFacts::assume(const Expression& test, bool truth) {
  if (const std::optional<bool> known_truth = this->truth(test)) return *known_truth == truth;
  std::set<uint32_t> parameters;
  add_parameters(test, parameters);
  for (const uint32_t one : parameters) by_parameter_[one].push_back(assumptions_.size());
  index_parts(test, assumptions_.size());
  assumptions_.push_back({test, truth});
  const size_t size = 4 * expression_size(test);
  size_ += 10 + size;
  work_->steps += 10 + size;
  apply(test, truth);
  if (work_->combines) follow();
  changed_.clear();
  decided_.clear();
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
  while (!contradiction_ && !work_->spent() && !(changed_.empty() && decided_.empty())) {
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
    if (contradiction_ || work_->spent()) return;
    apply(assumptions_[place].test, assumptions_[place].truth);
  }
}

// What follows from the test being true or false.
void PathFacts::apply(const Expression& test, bool truth) {
  if (contradiction_) return;
  work_->steps += 3;
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
      if (is_list(test) && !truth && has_items(test.place)) set_null(test, true);
      if (is_list(test) && is_present(test.place) == true) set(test.place, &Known::empty, !truth);
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
  if (is_size_of_parameter(a) && b.kind == Kind::number && is_present(a.operands[0].place) == true) {
    const bool zero = compare_decimals(b.text, "0") == 0;
    if (zero) set_empty(a, truth);
    if (!zero && truth) set_empty(a, false);
  }
  if (a.kind != Kind::parameter) return;
  Known& all = known_[a.place];
  work_->steps += all.others.size();
  const bool no_text = b.kind == Kind::text && b.text.empty();
  if (truth && !all.constant) {
    const auto excluded = [&b](const Expression& one) { return same_constant(one, b) == true; };
    if (std::any_of(all.others.begin(), all.others.end(), excluded)) contradiction_ = true;
    all.constant = b;
    changed_.insert(a.place);
    if (lists_->count(a.place) == 0 && b.kind == Kind::text) set(a.place, &Known::empty, no_text);
  } else if (!truth) {
    if (std::find(all.others.begin(), all.others.end(), b) == all.others.end()) all.others.push_back(b);
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
  const bool left = is_size_of_parameter(a) && b.kind == Kind::number;
  if (!left && !(is_size_of_parameter(b) && a.kind == Kind::number)) return;
  const Expression& size = left ? a : b;
  if (is_present(size.operands[0].place) != true || is_empty(size.operands[0].place)) return;
  // Whether the test, as it was decided, is possible for 0, and for 1 or more.
  PathFacts empty = copy(), some = copy();
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
  if (member == &Known::empty && value && has_items(parameter)) contradiction_ = true;
  std::optional<bool>& known = known_[parameter].*member;
  if (known) {
    contradiction_ = contradiction_ || *known != value;
  } else {
    known = value;
    changed_.insert(parameter);
  }
}

}  // namespace tablegate::loader
