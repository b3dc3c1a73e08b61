// What a name in a script means: a request parameter, or the item or the index of a
// foreach around it. As in MyBatis, the name of a loop hides a parameter or an outer
// loop's name that is the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  explicit Scope(const std::vector<RequestParameter>& parameters) : parameters_(parameters) {}

  std::optional<ScopeName> find(std::string_view name) const;
  bool is_loop_name(std::string_view name) const;
  // ` (did you mean "x"?)`, for a name that find() does not know.
  std::string near(std::string_view name) const;

  // Names may be empty.
  void enter(std::string item, std::string index) { loops_.push_back({std::move(item), std::move(index)}); }
  void leave() { loops_.pop_back(); }
  size_t loops() const { return loops_.size(); }

 private:
  struct Loop {
    std::string item, index;
  };

  const std::vector<RequestParameter>& parameters_;
  std::vector<Loop> loops_;  // the innermost last
};

}  // namespace tablegate::loader
