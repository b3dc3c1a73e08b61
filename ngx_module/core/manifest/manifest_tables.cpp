#include "core/manifest/manifest_tables.hpp"

#include <algorithm>

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

namespace {

void name_page_tables(const Manifest& manifest, Api& api) {
  std::vector<uint32_t> places = api.tables;
  std::sort(places.begin(), places.end());
  for (const uint32_t place : places) {
    StringSink key;
    write_json_string(manifest.tables[place], key);
    api.pages.tables.push_back({place, key.text + ":"});
  }
}

}  // namespace

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
    if (api.pages.max_size != 0) name_page_tables(manifest, api);
  }
}

}  // namespace tablegate::core
