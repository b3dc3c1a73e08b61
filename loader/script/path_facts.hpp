// What is known on one path of a statement program: which of its conditions were
// taken as true or false, and what follows for its parameters (absent or present, an
// empty list or not, equal to a constant or not). So that a path that no call takes
// is left out, and a condition that is decided already is not decided again. What
// follows only by trying is found by possible().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/plan/expression.hpp"
#include "script/path_work.hpp"

namespace tablegate::loader {

class PathFacts {
 public:
  // `always`: whether a parameter is present in every call. `lists`: parameters that take lists, with whether
  // a list that is present may be empty. `work`: what this costs; once it is spent, what follows is not
  // looked for any more. All three are kept.
  PathFacts(const std::function<bool(uint32_t)>& always, const std::map<uint32_t, bool>& lists,
            PathWork& work)
      : always_(&always), lists_(&lists), work_(&work) {}

  // Copies cost work.
  PathFacts copy() const;

  // Of a test in normal form (path_condition.hpp); nullopt: it may be either.
  std::optional<bool> truth(const core::Expression& test) const;
  // From now on the test is true, or false. Returns false where it cannot be.
  bool assume(const core::Expression& test, bool truth);
  // Whether there can be a call of which all assumptions are true. Looks at some cases only.
  bool possible() const;
  // Parameters that are present on this path, but not on each.
  std::vector<uint32_t> present() const;

 private:
  enum class Null : uint8_t { yes, no, unknown };
  // Of a parameter.
  struct Known {
    std::optional<bool> present;
    std::optional<bool> empty;  // of a list or a text that is present
    std::optional<core::Expression> constant;
    std::vector<core::Expression> others;  // constants that it is not equal to
  };
  struct Assumption {
    core::Expression test;
    bool truth = false;
  };

  const Known* known(const core::Expression& value) const;
  std::optional<bool> is_present(uint32_t parameter) const;
  std::optional<bool> is_empty(uint32_t parameter) const;
  bool is_list(const core::Expression& value) const;
  bool has_items(uint32_t parameter) const;
  Null null(const core::Expression& value) const;
  std::optional<bool> equal(const core::Expression& a, const core::Expression& b) const;
  std::optional<bool> ordered(const core::Expression& test) const;
  std::optional<bool> noted(const core::Expression& test) const;
  std::optional<bool> truth_of_parts(const core::Expression& test) const;
  const core::Expression& undecided(const core::Expression& test) const;
  bool is_alone(const core::Expression& test) const;
  bool possible(size_t& budget) const;

  void apply(const core::Expression& test, bool truth);
  void apply_rest(const core::Expression& test, bool truth);
  void note(const core::Expression& test, bool truth);
  void note_equal(const core::Expression& a, const core::Expression& b, bool truth);
  void note_order(const core::Expression& test, bool truth);
  void set_null(const core::Expression& value, bool null);
  void set_empty(const core::Expression& size, bool empty);
  void set(uint32_t parameter, std::optional<bool> Known::*member, bool value);
  void index_parts(const core::Expression& test, size_t place);
  void follow();
  void follow(const std::vector<size_t>& places);

  const std::function<bool(uint32_t)>* always_;
  const std::map<uint32_t, bool>* lists_;
  PathWork* work_;
  size_t size_ = 0;  // steps that a copy costs
  std::map<uint32_t, Known> known_;
  std::map<std::string, bool> noted_;
  std::vector<Assumption> assumptions_;
  // Places in assumptions_: by their parameters, and by the keys of their parts that are not made of others.
  std::map<uint32_t, std::vector<size_t>> by_parameter_;
  std::map<std::string, std::vector<size_t>> by_part_;
  std::set<uint32_t> changed_;     // parameters of which something new is known
  std::set<std::string> decided_;  // the same of parts
  bool contradiction_ = false;
};

}  // namespace tablegate::loader
