// What a name in a script means: a request parameter, or the item or the index of a
// foreach around it. As in MyBatis, the name of a loop hides a parameter or an outer
// loop's name that is the same.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/api_definition.hpp"

namespace tablegate::loader {

struct ScopeName {
  enum class Kind : uint8_t { parameter, item, index };

  Kind kind = Kind::parameter;
  uint32_t place = 0;  // of the parameter; of a loop: 0 is the innermost one
  bool list = false;   // a parameter that takes a list
};

class Scope {
 public:
  // `paginates`: of the API.
  Scope(const std::vector<RequestParameter>& parameters, bool paginates)
      : parameters_(parameters), paginates_(paginates), read_(parameters.size(), false) {}

  std::optional<ScopeName> find(std::string_view name) const;
  bool is_loop_name(std::string_view name) const;
  // The fault of a name that find() does not know: `unknown name "x" (did you mean "y"?): ` with `instead`,
  // or what to write for this name. Empty for a name of misplaced().
  std::string unknown(std::string_view name, std::string_view instead) const;
  // A name that is made where none can be made, which is a fault of its own: its uses are none.
  void misplaced(std::string name) { misplaced_.insert(std::move(name)); }
  // Places of the parameters that find() was never asked for, ascending.
  std::vector<uint32_t> unread() const;

  // Names may be empty.
  void enter(std::string item, std::string index) { loops_.push_back({std::move(item), std::move(index)}); }
  void leave() { loops_.pop_back(); }
  size_t loops() const { return loops_.size(); }

 private:
  struct Loop {
    std::string item, index;
  };

  std::string near(std::string_view name) const;

  const std::vector<RequestParameter>& parameters_;
  bool paginates_;
  mutable std::vector<bool> read_;  // by the place of the parameter
  std::set<std::string, std::less<>> misplaced_;
  std::vector<Loop> loops_;  // the innermost last
};

}  // namespace tablegate::loader
