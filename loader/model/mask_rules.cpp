#include "model/mask_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/manifest/types.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kText = "STRING";

}  // namespace

bool is_masked(const ApiDefinition& api, const std::string& column) {
  return std::any_of(api.response_parameters.begin(), api.response_parameters.end(),
                     [&column](const ResponseParameter& one) { return one.mask && one.column == column; });
}

void check_masks(const ApiDefinition& api, const Place& place, Problems& problems) {
  for (size_t i = 0; i < api.response_parameters.size(); ++i) {
    const ResponseParameter& one = api.response_parameters[i];
    const std::string here = "/response_parameters" + pointer_token(i);
    if (!one.mask) {
      if (is_masked(api, one.column)) {
        problems.add(place, here,
                     fmt::format("column \"{}\" is masked in another response parameter: remove this one, or "
                                 "give it a mask too",
                                 one.column));
      }
      continue;
    }
    if (!one.as.empty())
      problems.add(place, here + "/as", "does not go with \"mask\": a masked value is a string already");
  }
  for (size_t i = 0; i < api.request_parameters.size(); ++i) {
    const RequestParameter& one = api.request_parameters[i];
    if (!is_masked(api, one.column)) continue;
    problems.add(place, "/request_parameters" + pointer_token(i),
                 fmt::format("column \"{}\" is masked in the answer: callers could find its values by trying "
                             "them; remove this parameter, or the mask",
                             one.column));
  }
}

void check_masked_column(const ResponseParameter& parameter, const TableColumn& column, const Place& place,
                         const std::string& here, Problems& problems) {
  const std::string& mask = *parameter.mask;
  const bool of_text = mask == "last4" || mask == "email";
  if (of_text && column.type != core::ColumnType::text) {
    problems.add(place, here + "/mask",
                 fmt::format("{} is for STRING columns, and column \"{}\" is {}: use hash or \"null\"", mask,
                             column.name, shown_type(column)));
  }
  if (parameter.type && *parameter.type != kText && mask != "null")
    problems.add(place, here + "/type", fmt::format("must be STRING: {} makes a text of every value", mask));
}

}  // namespace tablegate::loader
