#include "node/node_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>

#include "catalog/domains_in_use.hpp"
#include "catalog/nodes.hpp"
#include "model/manifest_entries.hpp"
#include "node/certificate.hpp"
#include "node/gateway_login.hpp"
#include "node/nginx_config.hpp"
#include "node/served_manifest.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

using State = NodeCheck::State;

// The line of nginx's output that says why.
std::string reason_in(const std::string& output) {
  const size_t at = output.find("[emerg]");
  const size_t from = at == std::string::npos ? 0 : at + 8;
  return output.substr(from, output.find('\n', from) - from);
}

Hint next_for_login(const std::string& text) {
  const auto says = [&text](const char* piece) { return text.find(piece) != std::string::npos; };
  if (says("pg_hba.conf") || says("authentication failed"))
    return Hint::program(
        "psql -c 'SELECT line_number, type, database, user_name, auth_method, options, error FROM "
        "pg_hba_file_rules' tablegate");
  if (says("does not exist") || says("permission denied"))
    return Hint::command({"init", "--workspace", "NAME"});
  return Hint::program("pg_isready");
}

NodeCheck check_login(const NginxService& service, const std::string& user) {
  NodeCheck check;
  check.name = "nginx's connection, tablegate_service " + service.name;
  const LoginOutcome outcome = try_gateway_login({service.dsn, service.password_file, user});
  check.detail = outcome.good ? fmt::format("user {} signs in as {}", user, outcome.text)
                              : fmt::format("user {} cannot sign in and read: {}", user, outcome.text);
  if (outcome.good) return check;
  check.state = State::bad;
  check.next = next_for_login(outcome.text);
  if (check.next.before().find("pg_hba") != std::string::npos) {
    check.detail +=
        "; above the lines for \"all\", pg_hba.conf requires a line for tablegate_reader, for example: "
        "local tablegate tablegate_reader peer map=tablegate";
  }
  return check;
}

// Whether a node of this catalog has reported these files: as what it serves, or as what it has written where
// its nginx was started later. Another catalog's gateway may have the same name.
bool is_of_catalog(Database& catalog, const ManifestIdentity& served) {
  const auto publication = static_cast<long long>(served.publication);
  const std::vector<NodeState> nodes = list_nodes(catalog, served.gateway);
  return std::any_of(nodes.begin(), nodes.end(), [&](const NodeState& node) {
    return node.served_publication == publication ? node.sha256 == served.sha256
                                                  : node.written_publication == publication;
  });
}

// `start`: the command that starts this nginx.
NodeCheck check_served(const std::string& manifest, const std::string& start, Database& catalog) {
  NodeCheck check{State::good, "nginx, " + manifest, {}, {}};
  const std::string folder = std::filesystem::path(manifest).parent_path().string();
  const std::optional<ServedManifest> served = read_served(folder);
  if (!served) {
    check.state = State::skipped;
    check.detail = "not read by a running nginx yet";
  } else if (served->stopped) {
    check.state = State::bad;
    check.detail = "nginx is not running";
    check.next = Hint::program(start);
  } else if (served->other_master != 0) {
    check.state = State::bad;
    check.detail =
        fmt::format("two nginx read it (processes {} and {})", served->master_pid, served->other_master);
    check.next = Hint::command({"sync", "--output", "DIR"});
  } else if (!is_served(folder, *served)) {
    check.state = State::bad;
    check.detail =
        fmt::format("nginx serves publication {}, and other files are written", served->manifest.publication);
    check.next =
        Hint::command({"sync", "--output", folder, "--check", "nginx -t", "--reload", "nginx -s reload"});
  } else if (!is_of_catalog(catalog, served->manifest)) {
    check.state = State::bad;
    check.detail = fmt::format(
        "publication {} of {} is served, and no node of this catalog has reported it: another catalog wrote "
        "these files, or the node was forgotten",
        served->manifest.publication, served->manifest.gateway);
    check.next =
        Hint::command({"sync", "--output", folder, "--check", "nginx -t", "--reload", "nginx -s reload"});
  } else {
    check.detail =
        fmt::format("publication {} of {} is served", served->manifest.publication, served->manifest.gateway);
  }
  return check;
}

// "failed. Its output: A B" of lines, some of them indented.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == ' ';
    if (!space || line.empty() || line.back() != ' ') line += space ? ' ' : c;
  }
  return line;
}

NodeCheck check_node(const NodeState& node, uint64_t revision) {
  NodeCheck check{
      State::good, fmt::format("node {} of {}", node.name, node.gateway), "serves what is published", {}};
  const auto bad = [&](std::string detail, Hint next) {
    check.state = State::bad;
    check.detail = std::move(detail);
    check.next = std::move(next);
  };
  const size_t slash = node.name.find(":/");
  const std::string folder = slash == std::string::npos ? "DIR" : node.name.substr(slash + 1);
  const Hint sync_again = Hint::command({"sync", "--output", folder, "--gateway", node.gateway, "--check",
                                         "nginx -t", "--reload", "nginx -s reload"});
  if (node.stale && !node.watching) {
    check.state = State::skipped;
    check.detail = "was synced by hand once, and no nginx has read it";
  } else if (node.stale) {
    bad(fmt::format("its sync --watch was not heard from for {} s", node.age_seconds),
        Hint::program("systemctl status " + shell_word("tablegate-sync@" + node.gateway)));
  } else if (!node.last_error.empty() && node.watching) {
    bad(one_line(node.last_error), Hint::command({"gateway", "status", node.gateway}));
  } else if (!node.last_error.empty()) {
    bad(fmt::format("its last sync, {} s ago, reported: {}", node.age_seconds, one_line(node.last_error)),
        sync_again);
  } else if (!node.served_publication) {
    check.state = State::skipped;
    check.detail = "its files are written, and no nginx has read them yet";
  } else if (!node.serves(revision) && node.watching) {
    check.detail = fmt::format("serves revision {} of {}, and follows", node.served_revision, revision);
  } else if (!node.serves(revision)) {
    bad(fmt::format("serves revision {} of {}, and no sync --watch runs there", node.served_revision,
                    revision),
        sync_again);
  }
  return check;
}

bool is_there(const DomainDefinition& domain) {
  return ::access(domain.certificate.c_str(), F_OK) == 0 ||
         ::access(domain.certificate_key.c_str(), F_OK) == 0;
}

// Certificates that the key could belong to: those of the other domains, and those beside the key.
std::vector<std::string> candidates(const ManifestContents& contents, const DomainDefinition& domain) {
  constexpr size_t kMost = 200;
  std::vector<std::string> files;
  for (const DomainDefinition& other : contents.domains) {
    if (other.protocol == "HTTPS" && files.size() < kMost) files.push_back(other.certificate);
  }
  const std::filesystem::path key = domain.certificate_key;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(key.parent_path(), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string end_of_name = entry->path().extension();
    const bool named = end_of_name == ".crt" || end_of_name == ".pem" || end_of_name == ".cer";
    if (named && files.size() < kMost) files.push_back(entry->path().string());
  }
  return files;
}

NodeCheck check_domain(const ManifestContents& contents, const DomainDefinition& domain) {
  NodeCheck check{State::good, "certificate of " + domain.name, {}, {}};
  const CertificateReport found =
      check_certificate({domain.certificate, domain.certificate_key}, domain.name, std::time(nullptr));
  check.next = Hint::program("openssl x509 -noout -subject -ext subjectAltName -dates -in " +
                             shell_word(domain.certificate));
  if (!found.fault.empty()) {
    check.state = State::bad;
    check.detail = found.fault;
    if (!found.is_other_key) return check;
    for (const std::string& file : candidates(contents, domain)) {
      if (!check_pair({file, domain.certificate_key}).fault.empty()) continue;
      check.detail += fmt::format("; it is the key of {}", file);
      return check;
    }
    check.detail += "; no certificate beside it belongs to it";
    return check;
  }
  check.state = found.is_other_host ? State::bad : State::good;
  check.detail = found.warnings.empty() ? "valid until " + found.ends
                                        : fmt::format("{}", fmt::join(found.warnings, "; "));
  if (!found.warnings.empty() && !found.is_other_host) check.detail = "warning: " + check.detail;
  return check;
}

}  // namespace

NginxHere check_nginx(Database& catalog, const std::string& command) {
  NginxHere here;
  NodeCheck check{State::skipped, "nginx", {}, {}};
  const std::optional<std::string> dump = dump_command(command);
  const ShellOutcome outcome = run_shell(dump ? *dump : command, kHookTimeout, kMostDump);
  const std::optional<NginxConfig> config = outcome.ok ? parse_nginx_dump(outcome.output) : std::nullopt;
  if (outcome.how == "exit status 127") {
    check.detail = "is not on this machine; on a node, doctor also checks nginx and its connections";
  } else if (!outcome.ok && ::geteuid() != 0) {
    check.detail = "is checked for root only: sudo tablegate doctor";
  } else if (!outcome.ok) {
    check.state = State::bad;
    check.detail = fmt::format("rejects its configuration: {}", reason_in(outcome.output));
    check.next = Hint::program(command);
  } else if (!config) {
    check.detail = fmt::format("`{}` runs no nginx -t, so its configuration is not known", command);
  } else if (config->manifests.empty()) {
    check.detail = "has no tablegate_manifest in its configuration";
  } else {
    here.serves = true;
    check.state = State::good;
    check.detail = "accepts its configuration";
  }
  here.checks.push_back(check);
  if (!here.serves) return here;
  const std::string start = start_of(*config, command);
  for (const std::string& manifest : config->manifests)
    here.checks.push_back(check_served(manifest, start, catalog));
  const std::string user = config->user.empty() ? "nobody" : config->user;
  for (const NginxService& service : config->services) here.checks.push_back(check_login(service, user));
  return here;
}

std::vector<NodeCheck> check_nodes(Database& catalog) {
  const uint64_t revision = current_revision(catalog);
  std::vector<NodeCheck> checks;
  for (const NodeState& node : list_nodes(catalog, "")) checks.push_back(check_node(node, revision));
  return checks;
}

std::vector<NodeCheck> check_domain_certificates(Database& catalog, const std::string& gateway, bool forced) {
  ManifestContents contents;
  contents.gateway = gateway;
  contents.domains = domains_in_use(catalog, gateway);
  std::vector<NodeCheck> checks;
  bool any = forced;
  for (const DomainDefinition& domain : contents.domains) {
    if (domain.protocol != "HTTPS" || !domain.server_block) continue;
    any = any || is_there(domain);
    checks.push_back(check_domain(contents, domain));
  }
  if (any || checks.empty()) return checks;
  return {{State::skipped, "certificates", "none of their files is on this machine", {}}};
}

}  // namespace tablegate::loader
