// read_expression() with any bytes: a fault with a place in the text, or a tree that
// core::Program takes and evaluates within its steps, for a call that gives all
// values and for one that gives none. Its normal form is true for the same calls.
#include <array>
#include <cstdint>
#include <utility>

#include "core/arena.hpp"
#include "core/plan/program.hpp"
#include "fuzzing.hpp"
#include "script/expression_reader.hpp"
#include "script/path_condition.hpp"

using namespace tablegate;

namespace {

std::vector<loader::RequestParameter> parameters() {
  std::vector<loader::RequestParameter> out;
  for (const char* name : {"id", "name", "ids"}) {
    loader::RequestParameter one;
    one.name = name;
    one.required = false;
    if (one.name == "ids") one.comparison = loader::Comparison::in;
    out.push_back(one);
  }
  return out;
}

// A part with more leaves than normal_test() looks at is the one operand of an `in` in the normal form, which
// no program has: here it is itself.
core::Expression without_marks(core::Expression normal) {
  if (normal.kind == core::Expression::Kind::in && normal.operands.size() == 1) {
    core::Expression part = std::move(normal.operands.front());
    return part;
  }
  for (core::Expression& operand : normal.operands) operand = without_marks(std::move(operand));
  return normal;
}

// Nullopt: it takes too many steps.
std::optional<bool> outcome(const core::Expression& test, const core::BoundValues& bound) {
  core::Condition condition;
  condition.test = test;
  const core::Result<core::Program> program = core::Program::build(
      {{core::IfNode{condition, {{core::TextNode{"x"}}}}}}, {20, 25, core::PlaceholderType(1016, 20)}, {});
  INVARIANT(program);
  core::BlockArena arena;
  core::Walk walk;
  if (program->walk(bound, arena, walk)) return std::nullopt;
  return walk.path.decision(0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<loader::RequestParameter> all = parameters();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string_view::npos) return 0;
  std::optional<loader::ExpressionFault> fault;
  const loader::Scope scope(all, false);
  const core::Expression test = loader::read_expression(text, scope, fault);
  if (fault) {
    INVARIANT(fault->offset <= size && !fault->text.empty());
    return 0;
  }
  const char* const items[] = {"1", "2"};
  const std::array<core::BoundItems, 3> lists{core::BoundItems{}, core::BoundItems{},
                                              core::BoundItems{items, 2}};
  const char* const some[] = {"7", "a b", "{1,2}"};
  const char* const none[] = {nullptr, nullptr, nullptr};
  const core::Expression normal = without_marks(loader::normal_test(test));
  for (const auto& values : {some, none}) {
    const core::BoundValues bound{values, lists.data()};
    const std::optional<bool> one = outcome(test, bound), other = outcome(normal, bound);
    INVARIANT(!one || !other || one == other);
  }
  return 0;
}
