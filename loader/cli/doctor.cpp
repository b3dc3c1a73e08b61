// `tablegate doctor`: checks an installation as far as it exists. Every line is
// ok or FAIL with the command that helps; exit 1 when one failed.
#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <memory>
#include <optional>

#include "catalog/credentials/master_key.hpp"
#include "catalog/lookup.hpp"
#include "catalog/migrations.hpp"
#include "catalog/roles.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "mirror/serving_relation.hpp"
#include "node/certificate.hpp"
#include "node/domain_rows.hpp"
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
    std::vector<std::string> missing;
    for (const std::string_view role : group_roles()) {
      if (catalog.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {std::string(role)}).empty())
        missing.emplace_back(role);
    }
    if (catalog
            .query("SELECT FROM pg_catalog.pg_roles WHERE rolname = 'tablegate_reader' AND rolcanlogin AND "
                   "NOT rolsuper")
            .empty()) {
      missing.emplace_back("tablegate_reader");
    }
    say("roles", missing.empty(), missing.empty() ? "all there" : "missing: " + name_list(missing),
        "tablegate init --workspace NAME");
  }

  void check_reader(Database& catalog) {
    const Rows sees = catalog.query("SELECT has_schema_privilege('tablegate_reader', 'tablegate', 'USAGE')");
    Database mirror = settings_.open_mirror();  // the same database, or one of its own
    const Rows can = mirror.query(
        "SELECT has_schema_privilege('tablegate_reader', 'mirror', 'CREATE'),"
        " has_database_privilege('tablegate_reader', current_database(), 'TEMP'), "
        "has_database_privilege('tablegate_reader', current_database(), 'CREATE'),"
        " has_schema_privilege('tablegate_reader', 'mirror', 'USAGE'), "
        "has_database_privilege('tablegate_reader', current_database(), 'CONNECT')");
    std::vector<std::string> wrong;
    if (sees.boolean(0, 0)) wrong.emplace_back("sees schema tablegate");
    const char* const must_not[] = {"creates in schema mirror", "makes temporary tables", "creates schemas"};
    for (int i = 0; i < 3; ++i) {
      if (can.boolean(0, i)) wrong.emplace_back(must_not[i]);
    }
    if (!can.boolean(0, 3)) wrong.emplace_back("does not see schema mirror");
    if (!can.boolean(0, 4)) wrong.emplace_back("may not connect");
    const Rows writes = mirror.query(
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace WHERE n.nspname = 'mirror'"
        " AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('tablegate_reader', c.oid, 'INSERT, "
        "UPDATE, DELETE, TRUNCATE')");
    for (int i = 0; i < writes.size(); ++i) wrong.push_back("writes to " + writes.string(i, 0));
    say("reader's grants", wrong.empty(),
        wrong.empty() ? "reads schema mirror only" : "tablegate_reader: " + name_list(wrong),
        "tablegate init --workspace NAME");
  }

  void check_settings(Database& catalog) {
    const Rows rows = catalog.query(
        "SELECT split_part(c, '=', 1), substr(c, strpos(c, '=') + 1) FROM pg_catalog.pg_db_role_setting s "
        "JOIN pg_catalog.pg_roles r"
        " ON r.oid = s.setrole, unnest(s.setconfig) c WHERE r.rolname = 'tablegate_reader' AND s.setdatabase "
        "= 0");
    std::vector<std::string> missing;
    for (const PinnedSetting& setting : reader_settings()) {
      bool found = false;
      for (int i = 0; i < rows.size(); ++i) {
        const std::string value = rows.text(i, 1) == "\"\"" ? "" : rows.string(i, 1);
        found = found || (rows.text(i, 0) == setting.name && value == setting.value);
      }
      if (!found) missing.emplace_back(setting.name);
    }
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
    const Rows rows = catalog.query(
        "SELECT t.name, EXISTS (SELECT FROM tablegate.generation g WHERE g.table_name = t.name AND g.status "
        "= 'current')"
        " FROM tablegate.mirror_table t ORDER BY t.name");
    if (rows.empty()) return say("tables", false, "none is defined", "tablegate apply -f DIR");
    Database mirror = settings_.open_mirror();
    for (int i = 0; i < rows.size(); ++i) {
      const std::string check = "table " + rows.string(i, 0);
      const std::string next = "tablegate table load " + rows.string(i, 0);
      if (!rows.boolean(i, 1)) {
        say(check, false, "was never loaded", next);
        continue;
      }
      const Rows there = mirror.query(
          "SELECT has_table_privilege('tablegate_reader', c.oid, 'SELECT') FROM pg_catalog.pg_class c JOIN "
          "pg_catalog.pg_namespace n"
          " ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = $1",
          {serving_relation(mirror, rows.string(i, 0))});
      const bool good = !there.empty() && there.boolean(0, 0);
      say(check, good,
          good            ? "loaded"
          : there.empty() ? "is not in the mirror"
                          : "tablegate_reader may not read it",
          next);
    }
  }

  void check_gateways(Database& catalog) {
    const Rows rows = catalog.query(
        "SELECT g.name, g.publication, (SELECT count(*) FROM tablegate.published_api p WHERE p.gateway = "
        "g.name)"
        " FROM tablegate.gateway_instance g ORDER BY g.name");
    if (rows.empty())
      return say("gateway", false, "none is defined", "tablegate apply -f FILE with a GatewayInstance");
    for (int i = 0; i < rows.size(); ++i) {
      const size_t count = static_cast<size_t>(rows.integer(i, 2));
      say("gateway " + rows.string(i, 0), count > 0,
          count > 0 ? fmt::format("{} published, publication {}", plural(count, "API"), rows.text(i, 1))
                    : "nothing is published",
          "tablegate api publish NAME --gateway " + rows.string(i, 0));
    }
  }

  // On the node whose nginx serves them: elsewhere the files are not there.
  void check_certificates(Database& catalog) {
    ManifestContents contents;
    contents.gateway = resolve_gateway(catalog, settings_.gateway);
    read_domains(catalog, contents);
    for (const DomainDefinition& domain : contents.domains) {
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
