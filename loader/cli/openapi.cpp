// `tablegate openapi`: the document of what is published.
#include <memory>
#include <string>

#include "catalog/lookup.hpp"
#include "cli/files.hpp"
#include "cli/output.hpp"
#include "compile/openapi.hpp"
#include "node/snapshot.hpp"

namespace tablegate::loader {
namespace {

void print_openapi(const Settings& settings, const std::string& domain) {
  Database catalog = settings.open_catalog();
  const ManifestContents contents = read_published(catalog, find_gateway(catalog, settings.gateway));
  print_line(domain.empty() ? openapi_of_gateway(contents) : openapi_of_domain(contents, domain));
}

}  // namespace

void add_openapi(Verb& app, Settings& settings) {
  const auto domain = std::make_shared<std::string>();
  Verb* const verb = app.add_subcommand("openapi", "Print the OpenAPI 3.1 document of the published APIs");
  verb->add_option("--domain", *domain, "as callers of this domain see it (default: all of the gateway)");
  verb->footer(
      "Examples:\n"
      "  tablegate openapi > openapi.json\n"
      "  tablegate openapi --domain api.example.com --gateway dataservice-prod");
  verb->callback([&settings, domain] { print_openapi(settings, *domain); });
}

}  // namespace tablegate::loader
