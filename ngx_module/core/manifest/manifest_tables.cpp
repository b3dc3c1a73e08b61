#include "core/manifest/manifest_tables.hpp"

#include <algorithm>

#include "core/plan/statement.hpp"

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
    for (TableUse& use : api.tables) use.table = places[use.table];
  }
}

void read_tables(ObjectReader& in, TableNames& names, Api& api) {
  size_t end = 0;
  in.objects("tables", [&](ObjectReader& item) {
    const std::string name = item.string("name");
    const auto at = static_cast<size_t>(item.integer("at", 0, UINT32_MAX));
    const std::string quoted = mirror_relation(name);
    if (name.empty() || at < end || at > api.select.size() ||
        api.select.compare(at, quoted.size(), quoted) != 0) {
      return item.fail("at", "is not where select names the table");
    }
    end = at + quoted.size();
    api.tables.push_back({names.number(name), static_cast<uint32_t>(at)});
  });
}

}  // namespace tablegate::core
