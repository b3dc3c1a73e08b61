#include "core/manifest/manifest_tables.hpp"

#include <algorithm>

namespace tablegate::core {

uint32_t TableNames::number(const std::string& name) {
  return numbers_.emplace(name, static_cast<uint32_t>(numbers_.size())).first->second;
}

void TableNames::finish(Manifest& manifest) const {
  for (const auto& [name, number] : numbers_) manifest.tables.push_back(name);
  std::sort(manifest.tables.begin(), manifest.tables.end());
  std::vector<uint32_t> places(manifest.tables.size());
  for (uint32_t place = 0; place < places.size(); ++place)
    places[numbers_.at(manifest.tables[place])] = place;
  for (Api& api : manifest.apis) {
    for (uint32_t& table : api.tables) table = places[table];
  }
}

}  // namespace tablegate::core
