// The conditions of a statement program in one form, so that those that mean the same
// are the same, and what can be said of constants. For program_paths.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/plan/node.hpp"

namespace tablegate::loader {

// A foreach that a path is in.
struct PathLoop {
  uint32_t parameter = 0;
  size_t count = 0;  // items of its list
  size_t round = 0;

  size_t item() const { return round < count ? round : count - 1; }
};

// The condition as an expression. `loops`, the innermost last, take the place of items and indexes.
core::Expression condition_test(const core::Condition& condition, const std::vector<PathLoop>& loops);
// The same for an expression.
core::Expression closed_test(const core::Expression& test, const std::vector<PathLoop>& loops);

// Whether it has items or indexes of a foreach.
bool reads_loop(const core::Expression& test);

// True for the same calls as `test`, made of and, or, not, ==, <, <= and what cannot be said in those: never
// !=, >, >=, nor `in {..}`. A constant is the right operand of its ==.
core::Expression normal_test(const core::Expression& test);

// Of a normal expression: the same text for the same expression.
std::string test_key(const core::Expression& test);
// Its operators, names and constants.
size_t expression_size(const core::Expression& test);
bool is_constant(const core::Expression& value);  // null is none
// size() of a parameter that is a list, length() of one that is a text.
bool is_size_of_parameter(const core::Expression& value);
// Of two constants; nullopt: it depends on the type of the parameter that they are compared with.
std::optional<bool> same_constant(const core::Expression& a, const core::Expression& b);
// Less than 0: a < b. Of numbers in plain decimal notation.
int compare_decimals(const std::string& a, const std::string& b);
void add_parameters(const core::Expression& test, std::set<uint32_t>& out);

}  // namespace tablegate::loader
