#include "node/domain_rows.hpp"

#include <fmt/format.h>

#include <utility>

namespace tablegate::loader {
void read_domains(Database& catalog, ManifestContents& contents) {
  const Rows rows = catalog.query(
      "SELECT d.name, d.definition FROM tablegate.domain d WHERE EXISTS ("
      "  SELECT FROM tablegate.rest_api_domain r JOIN tablegate.business_process b USING (rest_api_id)"
      "  JOIN tablegate.api a USING (business_process_id)"
      "  JOIN tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = r.gateway"
      "  WHERE r.domain = d.name AND r.gateway = $1) ORDER BY d.name COLLATE \"C\"",
      {contents.gateway});
  for (int row = 0; row < rows.size(); ++row) {
    DomainDefinition domain =
        read_domain_definition(rows.string(row, 1), fmt::format("Domain \"{}\"", rows.text(row, 0)));
    domain.name = rows.string(row, 0);
    contents.domains.push_back(std::move(domain));
  }
}

}  // namespace tablegate::loader
