// What a request gives for each parameter of its API, before anything is decoded or checked.
// Each place (query, form, JSON object, headers, path) is read in one pass, so the work is linear in
// what a caller sends, whatever number of parameters the API has. Used by
// bind_parameters() only; everything lives in the arena of the request.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/text/flat_json.hpp"

namespace tablegate::core {

// A further occurrence of a list parameter.
struct MoreGiven {
  std::string_view raw;
  const MoreGiven* next = nullptr;
};

struct GivenValue {
  uint32_t count = 0;                  // occurrences
  uint32_t next = 0;                   // of GivenValues: the next parameter of the same slot
  std::string_view raw;                // of the first occurrence; in a query and a form still encoded
  const FlatMember* member = nullptr;  // in a JSON object; null: it is not in one
  // The occurrences of a list parameter after the first one, in their order, up to kMaxListItems in all.
  const MoreGiven* more = nullptr;
  MoreGiven* last = nullptr;
};

class GivenValues {
 public:
  GivenValues(const Api& api, Arena& arena) : api_(api), arena_(arena) {}

  // Reads all places in which the API has a parameter.
  Problem read(const RequestData& request);
  // Of the parameter with this place in Api::parameters.
  const GivenValue& operator[](size_t parameter) const { return values_[parameter]; }
  // Of the parameters that the body may have: those of the query for a QUERY.
  static ParameterPlace body_place(const Api& api, const RequestData& request) {
    return api.is_query(request.method) ? ParameterPlace::query : ParameterPlace::body;
  }
  // The body that was read, for unknown_parameters.hpp: pairs of a form, or members of a JSON object.
  std::string_view form() const { return form_; }
  const FlatObject& object() const { return object_; }
  // Only parameters of `place` are found from now on.
  void look_in(ParameterPlace place);
  // Whether the place has a parameter of this name, which is still encoded.
  bool has_parameter(std::string_view raw_name) const;

 private:
  static constexpr size_t kSlots = 64;

  class Header;

  Problem read_body(const RequestData& request);
  Problem read_query_method(const RequestData& request);
  void read_pairs(std::string_view pairs);
  void read_members(const FlatObject& object);
  void read_path(std::string_view path);
  // Calls use(value) for each parameter that `is_name(parameter's name)` accepts. `slot`: of the name.
  template <class IsName, class Use>
  void find(size_t slot, IsName is_name, Use use) const;
  template <class IsName>
  void add(size_t slot, std::string_view raw, IsName is_name);
  void add_more(GivenValue& value, std::string_view raw);

  const Api& api_;
  Arena& arena_;
  bool no_memory_ = false;
  std::string_view form_;
  FlatObject object_;
  GivenValue* values_ = nullptr;  // one for each parameter
  uint32_t first_[kSlots] = {};   // the first parameter of a slot, from 1; 0: none
};

}  // namespace tablegate::core
