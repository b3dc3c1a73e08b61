// `tablegate doctor`: checks an installation as far as it exists. Every line is
// ok or FAIL with the command that helps; exit 1 when one failed.
#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <memory>
#include <optional>

#include "catalog/credentials/master_key.hpp"
#include "catalog/domains_in_use.hpp"
#include "catalog/lookup.hpp"
#include "catalog/migrations.hpp"
#include "catalog/nodes.hpp"
#include "catalog/roles.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "mirror/reader_access.hpp"
#include "mirror/table_status.hpp"
#include "node/certificate.hpp"
#include "node/snapshot.hpp"

namespace tablegate::loader {
namespace {

struct Finding {
  bool good;
  std::string check;
  std::string detail;
  std::string next;
};

class Doctor {
 public:
  Doctor(const Settings& settings, bool certificates) : settings_(settings), certificates_(certificates) {}

  void run() {
    try {
      Database catalog = Database::connect(settings_.catalog, "the catalog");
      say("catalog reachable", true,
          fmt::format("database \"{}\", PostgreSQL {}", PQdb(catalog.connection()),
                      PQserverVersion(catalog.connection()) / 10000));
      check_version(catalog);
      if (healthy_) check_installation(catalog);
    } catch (const Failure& failure) {
      say("catalog", false, failure.what(), failure.next());
    }
    report();
    if (!healthy_) throw Refused("the installation is not complete");
  }

 private:
  void say(const std::string& check, bool good, const std::string& detail, const std::string& next = {}) {
    findings_.push_back({good, check, detail, good ? std::string{} : next});
    healthy_ = healthy_ && good;
  }

  // A check that may itself be refused, by missing privileges for instance.
  void examine(const std::string& check, const std::function<void()>& work) {
    try {
      work();
    } catch (const Failure& failure) {
      say(check, false, failure.what(), failure.next());
    }
  }

  void check_version(Database& catalog) {
    try {
      require_catalog(catalog);
      say("catalog version", true, std::to_string(newest_migration()));
    } catch (const Failure& failure) {
      say("catalog version", false, failure.what(), failure.next());
    }
  }

  void check_installation(Database& catalog) {
    examine("roles", [&] { check_roles(catalog); });
    examine("reader's grants", [&] { check_reader(catalog); });
    examine("reader's settings", [&] { check_settings(catalog); });
    examine("master key file", [&] { check_master_key(catalog); });
    examine("tables", [&] { check_tables(catalog); });
    examine("gateway", [&] { check_gateways(catalog); });
    if (certificates_) examine("certificates", [&] { check_certificates(catalog); });
  }

  void check_roles(Database& catalog) {
    const std::vector<std::string> missing = missing_roles(catalog);
    say("roles", missing.empty(), missing.empty() ? "all there" : "missing: " + name_list(missing),
        "tablegate init --workspace NAME");
  }

  void check_reader(Database& catalog) {
    Database mirror = settings_.open_mirror();  // the same database, or one of its own
    std::vector<std::string> wrong = wrong_reader_grants(mirror);
    if (reader_sees_catalog(catalog)) wrong.insert(wrong.begin(), "sees schema tablegate");
    say("reader's grants", wrong.empty(),
        wrong.empty() ? "reads schema mirror only" : "tablegate_reader: " + name_list(wrong),
        "tablegate init --workspace NAME");
  }

  void check_settings(Database& catalog) {
    const std::vector<std::string> missing = unpinned_settings(catalog);
    say("reader's settings", missing.empty(),
        missing.empty() ? "pinned" : "not pinned: " + name_list(missing), "tablegate init --workspace NAME");
  }

  void check_master_key(Database& catalog) {
    const std::string path = master_key_path();
    const SealingKey key = open_master_key(catalog);
    const std::optional<SealingKey> there = read_master_key(path);
    const bool good = there && there->fingerprint() == key.fingerprint();
    say("master key file", good,
        good ? path : path + " is not the catalog's; a file beside it is: a rotation was not finished",
        "tablegate init --workspace NAME");
  }

  void check_tables(Database& catalog) {
    const std::vector<DefinedTable> tables = list_tables(catalog, "");
    if (tables.empty()) return say("tables", false, "none is defined", "tablegate apply -f DIR");
    Database mirror = settings_.open_mirror();
    for (const DefinedTable& table : tables) {
      const std::string check = "table " + table.name;
      const std::string next = "tablegate table load " + table.name;
      if (!table.loaded) {
        say(check, false, "was never loaded", next);
        continue;
      }
      const ReaderAccess access = reader_access(mirror, table.name);
      say(check, access == ReaderAccess::reads,
          access == ReaderAccess::reads           ? "loaded"
          : access == ReaderAccess::missing_table ? "is not in the mirror"
                                                  : "tablegate_reader may not read it",
          next);
    }
  }

  void check_gateways(Database& catalog) {
    const std::vector<GatewayState> gateways = list_gateways(catalog);
    if (gateways.empty())
      return say("gateway", false, "none is defined", "tablegate apply -f FILE with a GatewayInstance");
    for (const GatewayState& gateway : gateways) {
      const size_t count = gateway.published_apis;
      say("gateway " + gateway.name, count > 0,
          count > 0 ? fmt::format("{} published, publication {}", plural(count, "API"), gateway.publication)
                    : "nothing is published",
          "tablegate api publish NAME --gateway " + gateway.name);
    }
  }

  // On the node whose nginx serves them: elsewhere the files are not there.
  void check_certificates(Database& catalog) {
    for (const DomainDefinition& domain : domains_in_use(catalog, find_gateway(catalog, settings_.gateway))) {
      if (domain.protocol != "HTTPS" || !domain.server_block) continue;
      const CertificateReport found =
          check_certificate({domain.certificate, domain.certificate_key}, domain.name, std::time(nullptr));
      const std::string warnings = fmt::format("{}", fmt::join(found.warnings, "; "));
      const std::string good = warnings.empty() ? "valid until " + found.ends : "warning: " + warnings;
      say("certificate of " + domain.name, found.fault.empty(), found.fault.empty() ? good : found.fault,
          fmt::format("openssl x509 -noout -subject -dates -in {}", shell_word(domain.certificate)));
    }
  }

  void report() const {
    if (settings_.json) {
      JsonOutput json;
      json.begin_array();
      for (const Finding& finding : findings_) {
        json.begin_object()
            .key("check")
            .text(finding.check)
            .key("ok")
            .boolean(finding.good)
            .key("detail")
            .text(finding.detail);
        json.key("try").text(finding.next).end_object();
      }
      return json.end_array().print();
    }
    for (const Finding& finding : findings_) {
      if (finding.good && settings_.quiet) continue;
      print_line(fmt::format("{:<5} {}: {}", finding.good ? "ok" : "FAIL", finding.check, finding.detail));
      if (!finding.next.empty()) print_line("      try: " + finding.next);
    }
  }

  const Settings& settings_;
  bool certificates_;
  std::vector<Finding> findings_;
  bool healthy_ = true;
};

}  // namespace

void add_doctor(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("doctor", "Check an installation");
  auto certificates = std::make_shared<bool>(false);
  verb->add_flag("--certificates", *certificates,
                 "on a node: also check the certificates of its gateway's domains");
  verb->footer(
      "Examples:\n  tablegate doctor\n  tablegate doctor -o json\n"
      "  tablegate doctor --certificates --gateway dataservice-prod");
  verb->callback([&settings, certificates] { Doctor(settings, *certificates).run(); });
}

}  // namespace tablegate::loader
