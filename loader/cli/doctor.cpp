// `tablegate doctor`: checks an installation as far as it exists. Every line is
// ok, skip, or FAIL with the command that helps; exit 1 when one failed.
#include <fmt/format.h>

#include <algorithm>
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
#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "mirror/reader_access.hpp"
#include "mirror/table_status.hpp"
#include "node/node_checks.hpp"

namespace tablegate::loader {
namespace {

struct Finding {
  bool good;
  std::string check;
  std::string detail;
  Hint next;
  bool skipped = false;
};

struct DoctorOptions {
  std::string nginx = "nginx -t";
  bool certificates = false;
};

class Doctor {
 public:
  Doctor(const Settings& settings, const DoctorOptions& options) : settings_(settings), options_(options) {}

  void run() {
    try {
      Database catalog = Database::connect(settings_.catalog, "the catalog");
      say("catalog reachable", true,
          fmt::format("database \"{}\", PostgreSQL {}", PQdb(catalog.connection()),
                      PQserverVersion(catalog.connection()) / 10000));
      check_encoding("catalog's encoding", catalog);
      check_version(catalog);
      if (healthy_) check_installation(catalog);
    } catch (const Failure& failure) {
      say("catalog", false, failure.what(), failure.next());
    }
    report();
    if (healthy_) return;
    const auto failed = [](const Finding& finding) { return !finding.good; };
    const Finding& first = *std::find_if(findings_.begin(), findings_.end(), failed);
    const auto count = std::count_if(findings_.begin(), findings_.end(), failed);
    throw Refused(
        fmt::format("{} failed, the first is: {}", plural(static_cast<size_t>(count), "check"), first.check),
        first.next.kind() == Hint::Kind::none ? Hint::again() : first.next);
  }

 private:
  void say(const std::string& check, bool good, const std::string& detail, const Hint& next = {}) {
    findings_.push_back({good, check, detail, good ? Hint() : next});
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

  void check_encoding(const std::string& check, const Database& database) {
    const std::string encoding = database.encoding();
    say(check, encoding == "UTF8", encoding == "UTF8" ? encoding : encoding + ", and UTF8 is required",
        Hint::program("createdb --template template0 --encoding UTF8 NAME"));
  }

  void check_installation(Database& catalog) {
    if (!settings_.mirror.empty())
      examine("mirror's encoding", [&] { check_encoding("mirror's encoding", settings_.open_mirror()); });
    examine("roles", [&] { check_roles(catalog); });
    examine("reader's grants", [&] { check_reader(catalog); });
    examine("reader's settings", [&] { check_settings(catalog); });
    examine("master key file", [&] { check_master_key(catalog); });
    examine("tables", [&] { check_tables(catalog); });
    examine("gateway", [&] { check_gateways(catalog); });
    NginxHere nginx;
    examine("nginx", [&] { add((nginx = check_nginx(catalog, options_.nginx)).checks); });
    examine("nodes", [&] { add(check_nodes(catalog)); });
    examine("certificates", [&] { check_certificates(catalog, nginx.serves); });
  }

  void check_roles(Database& catalog) {
    const std::vector<std::string> missing = missing_roles(catalog);
    say("roles", missing.empty(), missing.empty() ? "all there" : "missing: " + name_list(missing),
        init_hint(catalog));
  }

  void check_reader(Database& catalog) {
    Database mirror = settings_.open_mirror();  // the same database, or one of its own
    std::vector<std::string> wrong = wrong_reader_grants(mirror);
    if (reader_sees_catalog(catalog)) wrong.insert(wrong.begin(), "sees schema tablegate");
    for (const std::string& member : reader_members(catalog)) wrong.push_back("has the member " + member);
    say("reader's grants", wrong.empty(),
        wrong.empty() ? "reads schema mirror only" : "tablegate_reader: " + name_list(wrong),
        init_hint(catalog));
  }

  void check_settings(Database& catalog) {
    const std::vector<std::string> missing = unpinned_settings(catalog);
    const std::vector<std::string> added = added_settings(catalog);
    std::string fault;
    if (!missing.empty()) fault = "not pinned: " + name_list(missing);
    if (!added.empty())
      fault += (fault.empty() ? "set beside ours: " : "; set beside ours: ") + name_list(added);
    say("reader's settings", fault.empty(), fault.empty() ? "pinned" : fault, init_hint(catalog));
  }

  void check_master_key(Database& catalog) {
    const std::string path = master_key_path();
    const SealingKey key = open_master_key(catalog);
    const std::optional<SealingKey> there = read_master_key(path);
    const bool good = there && there->fingerprint() == key.fingerprint();
    say("master key file", good,
        good ? path : path + " is not the catalog's; a file beside it is: a rotation was not finished",
        init_hint(catalog));
  }

  void check_tables(Database& catalog) {
    const std::vector<DefinedTable> tables = list_tables(catalog, "");
    if (tables.empty()) return say("tables", false, "none is defined", Hint::command({"apply", "-f", "DIR"}));
    Database mirror = settings_.open_mirror();
    for (const DefinedTable& table : tables) {
      const std::string check = "table " + table.name;
      const Hint next = Hint::command({"table", "load", table.name});
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
      return say("gateway", false, "no GatewayInstance is defined", Hint::command({"apply", "-f", "FILE"}));
    for (const GatewayState& gateway : gateways) {
      const size_t count = gateway.published_apis;
      say("gateway " + gateway.name, count > 0,
          count > 0 ? fmt::format("{} published, publication {}", plural(count, "API"), gateway.publication)
                    : "nothing is published",
          Hint::command({"api", "publish", "NAME", "--gateway", gateway.name}));
    }
  }

  // Elsewhere their files are not there.
  void check_certificates(Database& catalog, bool nginx_is_here) {
    const std::string gateway = find_gateway(catalog, settings_.gateway);
    add(check_domain_certificates(catalog, gateway, options_.certificates || nginx_is_here));
  }

  void add(const std::vector<NodeCheck>& checks) {
    for (const NodeCheck& check : checks) {
      say(check.name, check.state != NodeCheck::State::bad, check.detail, check.next);
      findings_.back().skipped = check.state == NodeCheck::State::skipped;
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
        json.key("try").text(settings_.command->text(finding.next)).end_object();
      }
      return json.end_array().print();
    }
    for (const Finding& finding : findings_) {
      if (finding.good && settings_.quiet) continue;
      print_line(fmt::format("{:<5} {}: {}",
                             !finding.good     ? "FAIL"
                             : finding.skipped ? "skip"
                                               : "ok",
                             finding.check, finding.detail));
      if (const std::string next = settings_.command->text(finding.next); !next.empty())
        print_line("      try: " + next);
    }
  }

  const Settings& settings_;
  const DoctorOptions& options_;
  std::vector<Finding> findings_;
  bool healthy_ = true;
};

}  // namespace

void add_doctor(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("doctor", "Check an installation");
  auto options = std::make_shared<DoctorOptions>();
  verb->add_option("--nginx", options->nginx, "command that checks nginx's configuration (default: nginx -t)")
      ->type_name("CMD");
  verb->add_flag("--certificates", options->certificates,
                 "check the domains' certificates although no nginx and no certificate is found here");
  verb->footer(
      "Examples:\n  tablegate doctor\n  tablegate doctor -o json\n"
      "  tablegate doctor --nginx 'nginx -t -c /etc/nginx/api.conf' --gateway dataservice-prod");
  verb->callback([&settings, options] { Doctor(settings, *options).run(); });
}

}  // namespace tablegate::loader
