#include "model/value_rules.hpp"

#include <fmt/format.h>

#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/types.hpp"

namespace tablegate::loader {
namespace {

class ValueCheck {
 public:
  ValueCheck(const core::Parameter& parameter, const char* lists, const Place& place, Problems& problems)
      : parameter_(parameter), lists_(lists), place_(place), problems_(problems) {}

  // A default or a sample.
  void given(const std::optional<DefaultOrSample>& value, const std::string& here) {
    if (!value) return;
    if (!value->plain) return problems_.add(place_, here, "must be plain: write it as a string");
    if (!parameter_.list)
      return value->array
                 ? problems_.add(place_, here, fmt::format("must be one value: only {} take a list", lists_))
                 : one(value->text, here);
    const std::vector<std::string> items = value->items();
    if (items.size() > core::kMaxListItems)
      problems_.add(place_, here, fmt::format("must have at most {} items", core::kMaxListItems));
    for (size_t i = 0; i < items.size(); ++i) one(items[i], value->array ? here + pointer_token(i) : here);
  }

  // Samples are sent where a list is split at commas.
  void sample_items(const DefaultOrSample& sample, const std::string& here) {
    if (!sample.array) return;
    if (sample.array_items.empty()) problems_.add(place_, here, "must have an item");
    for (size_t i = 0; i < sample.array_items.size(); ++i) {
      if (sample.array_items[i].find(',') != std::string::npos)
        problems_.add(
            place_, here + pointer_token(i),
            "has a comma: only a JSON body can send such an item, and samples are sent without one");
    }
  }

 private:
  void one(const std::string& value, const std::string& here) {
    core::BlockArena arena;
    std::string_view detail;
    if (core::check_value(parameter_, value, arena, detail).data() != nullptr) return;
    problems_.add(place_, here,
                  fmt::format("is not {}{}{}", core::parameter_type_name(parameter_.type),
                              detail.empty() ? "" : ": ", detail));
  }

  const core::Parameter& parameter_;
  const char* const lists_;
  const Place& place_;
  Problems& problems_;
};

}  // namespace

void check_default_and_sample(const RequestParameter& parameter, const core::Parameter& checked,
                              const char* lists, const Place& place, const std::string& here,
                              Problems& problems) {
  ValueCheck check(checked, lists, place, problems);
  check.given(parameter.default_value, here + "/default");
  check.given(parameter.sample, here + "/sample");
  if (checked.list && parameter.sample) check.sample_items(*parameter.sample, here + "/sample");
}

}  // namespace tablegate::loader
