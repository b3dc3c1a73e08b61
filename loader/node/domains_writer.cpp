#include "node/domains_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/domains_in_use.hpp"
#include "core/text/origin.hpp"
#include "model/definition.hpp"
#include "model/listen_address.hpp"
#include "model/name_rules.hpp"
#include "node/certificate.hpp"
#include "node/domain_block.hpp"

namespace tablegate::loader {
namespace {

// No host and no server block of a user has this name ('_' is not allowed in a host name).
constexpr const char* kAnyHost = "_tablegate_any_host";
constexpr const char* kHeaderBuffers = "large_client_header_buffers";
constexpr size_t kMaxOwnLines = size_t{1} << 20U;

// The same for every file, whether there is none, or it is root's, or of another kind.
const std::string kLocalFault =
    "its certificate and certificate_key cannot be used on this node; the log of sync there says why";

// What a listen address or a gateway's name needs before it may be in the file.
struct ListenSockets {
  std::vector<std::string> http, https;
};

ListenSockets check_gateway(const ManifestContents& contents, SyncReport& report) {
  const std::string& gateway = contents.gateway;
  if (const std::string fault = bad_plain_name(gateway); !fault.empty())
    throw Refused("the gateway's name " + fault, Hint::command({"get", "GatewayInstance"}));
  ListenSockets sockets;
  const auto add = [&](const std::string& listen, std::vector<std::string>& list) {
    std::string fault = bad_listen(listen);
    if (fault.empty()) {
      list.push_back(listen);
      if (const std::string clash = listen_clash(sockets.http, sockets.https); !clash.empty()) {
        fault = "cannot be used: " + clash;
        list.pop_back();
      }
    }
    if (!fault.empty())
      report.add(fmt::format("a listen address of gateway {} {}; it is left out", gateway, fault));
  };
  for (const std::string& listen : contents.http_listen) add(listen, sockets.http);
  for (const std::string& listen : contents.https_listen) add(listen, sockets.https);
  if (sockets.http.empty() || sockets.https.empty())
    throw Refused("gateway " + gateway + " has no listen address",
                  Hint::command({"get", "GatewayInstance", gateway, "-o", "json"}));
  return sockets;
}

// What is wrong with the definition; empty: nothing.
std::string fault_of(const DomainDefinition& domain) {
  if (const auto fault = core::find_origin_fault({domain.cors_origins.begin(), domain.cors_origins.end()}))
    return fmt::format("item {} of its cors/origins {}", fault->place + 1, fault->reason);
  if (domain.protocol == "HTTP") return {};
  if (domain.protocol != "HTTPS") return "its protocol is neither HTTP nor HTTPS";
  if (std::string fault = bad_node_path(domain.certificate); !fault.empty())
    return "its certificate " + fault;
  if (std::string fault = bad_node_path(domain.certificate_key); !fault.empty())
    return "its certificate_key " + fault;
  for (const std::string* const version : {&domain.tls_min, &domain.tls_max}) {
    if (*version != "TLSv1.2" && *version != "TLSv1.3")
      return "tls_min and tls_max must be TLSv1.2 or TLSv1.3";
  }
  return domain.tls_min > domain.tls_max ? "tls_min is above tls_max" : std::string();
}

// Empty: no page of another origin may read the answers.
std::string cors_line(const DomainDefinition& domain) {
  if (domain.cors_origins.empty()) return {};
  return fmt::format("    tablegate_cors {};\n", fmt::join(domain.cors_origins, " "));
}

bool has_tls_block(const DomainDefinition& domain) {
  return domain.server_block && domain.protocol == "HTTPS";
}

std::string protocols_line(const DomainDefinition& domain) {
  return fmt::format("    ssl_protocols {}{};\n", domain.tls_min,
                     domain.tls_min == domain.tls_max ? "" : " " + domain.tls_max);
}

// nginx takes HTTP/2 and TLS versions from the first server block of a socket, for all names. The domain
// whose settings all get: one that has the settings of the previous file, so that no new domain changes the
// others.
const DomainDefinition* leader_of(const std::vector<DomainDefinition>& domains, const std::string& previous) {
  const DomainDefinition* first = nullptr;
  const bool had_http2 = previous.find(" http2") != std::string::npos;
  for (const DomainDefinition& domain : domains) {
    if (!has_tls_block(domain) || !bad_host(domain.name).empty() || !fault_of(domain).empty()) continue;
    if (first == nullptr) first = &domain;
    if (domain.http2 == had_http2 && previous.find(protocols_line(domain)) != std::string::npos)
      return &domain;
  }
  return first;
}

class Writer {
 public:
  Writer(const ManifestContents& contents, const DomainsPlace& place, ListenSockets sockets,
         SyncReport& report)
      : contents_(contents),
        place_(place),
        sockets_(std::move(sockets)),
        leader_(leader_of(contents.domains, place.previous)),
        report_(report) {}

  std::string run() {
    std::string blocks;
    for (const DomainDefinition& domain : contents_.domains) {
      // The name itself may hold any characters, which must not reach a terminal.
      const std::string fault = bad_host(domain.name);
      if (!fault.empty()) report_.add("a domain has no host name: it " + fault + "; it is left out");
      if (fault.empty() && domain.server_block) blocks += block(domain);
    }
    std::string text =
        fmt::format("# Written by tablegate sync for gateway {}. Do not edit: the next sync replaces it.\n",
                    contents_.gateway);
    if (blocks.empty()) return text + "# No domain in use has a server block here.\n";
    return text + any_host() + blocks;
  }

 private:
  std::string block(const DomainDefinition& domain) {
    const std::string what = "domain " + domain.name;
    if (const std::string fault = fault_of(domain); !fault.empty()) return keep(domain, what, fault, fault);
    if (domain.protocol == "HTTP") return marked_block(what, server(plain_socket(), domain, serve()));
    if (const std::string difference = socket_difference(*leader_, domain); !difference.empty()) {
      const std::string fault = fmt::format(
          "it and domain \"{}\" {}, which nginx sets for all names of a socket", leader_->name, difference);
      return keep(domain, what, fault, fault);
    }
    WipedText pair;
    const CertificateReport found =
        check_certificate({domain.certificate, domain.certificate_key}, domain.name, place_.now, &pair);
    for (const std::string& warning : found.warnings)
      report_.warnings.push_back(fmt::format("domain \"{}\": {}", domain.name, warning));
    if (!found.fault.empty())
      return keep(domain, what, found.fault, found.fault_is_local ? kLocalFault : found.fault);
    if (place_.copies != nullptr) place_.copies->offer(domain.name, std::move(pair));
    // The fingerprint makes the file change with a renewed certificate, so that nginx reloads.
    const std::string lines =
        certificate_lines({domain.certificate, domain.certificate_key, found.ends, found.fingerprint});
    const std::string tls = tls_socket() + lines;
    if (any_host_certificate_.empty()) any_host_certificate_ = lines;
    return marked_block(what,
                        server(tls, domain, serve()) +
                            server(plain_socket(), domain, domain.force_https ? redirect(domain) : serve()));
  }

  // The domain's own files may be what nginx cannot read: if there is a copy of the last good ones, the block
  // names that.
  // `reported`: the fault as the catalog gets it.
  std::string keep(const DomainDefinition& domain, const std::string& what, const std::string& fault,
                   const std::string& reported) {
    const std::optional<std::string> before = find_block(place_.previous, what);
    std::string copied;
    if (place_.copies != nullptr) {
      if (const auto copy = place_.copies->find(domain.name)) copied = certificate_lines(*copy);
    }
    const char* const then = !before ? "it had no server block before and gets none"
                             : copied.empty()
                                 ? "it keeps the server block it had"
                                 : "it keeps the server block it had, with the copy of its last good "
                                   "certificate";
    report_.faults.push_back(fmt::format("domain \"{}\": {}; {}", domain.name, fault, then));
    report_.reported.push_back(fmt::format("domain \"{}\": {}; {}", domain.name, reported, then));
    if (!before) return {};
    kept_tls_ = true;
    if (kept_certificate_.empty()) kept_certificate_ = copied;
    return kept(*before, copied);
  }

  std::string kept(const std::string& before, const std::string& copied) {
    if (!copied.empty()) return with_certificate(before, copied);
    for (std::string& file : files_named(before)) report_.kept_files.push_back(std::move(file));
    return before;
  }

  // The first block of each socket, which nginx uses for hosts that no other block names, unless a block of
  // the user listens there (tablegate_guest). It serves what is published without a domain, with the
  // certificate of the first domain that has a good one; callers that check the certificate notice the wrong
  // host.
  std::string any_host() {
    const auto block = [](const std::string& socket) {
      return fmt::format("server {{\n{}    server_name {};\n{}{}}}\n", socket, kAnyHost, common(), serve());
    };
    std::string text = marked_block("any host", block(plain_socket()));
    const char* const tls = "any host, TLS";
    if (!any_host_certificate_.empty())
      return text + marked_block(tls, block(tls_socket() + any_host_certificate_));
    if (kept_tls_) text += kept(find_block(place_.previous, tls).value_or(""), kept_certificate_);
    return text;
  }

  std::string server(const std::string& socket, const DomainDefinition& domain,
                     const std::string& location) const {
    // The brackets make it a pattern, which may match nothing; a plain name must exist.
    std::string snippet = snippet_name(domain.name);
    const std::string before = common(own_lines(snippet)) + cors_line(domain);
    snippet.replace(snippet.size() - 1, 1, "[f]");
    return fmt::format("server {{\n{}    server_name {};\n{}    include {}/domains.d/{};\n{}}}\n", socket,
                       domain.name, before, place_.folder, snippet, location);
  }

  // A token of 16 KiB must fit a buffer. nginx takes the size from the block of the host, or from the first
  // one of the socket while it does not know the host. A second directive in the user's own lines would be an
  // error.
  static std::string common(const std::string& own_lines = {}) {
    const bool own = own_lines.find(kHeaderBuffers) != std::string::npos;
    return fmt::format("    tablegate_errors on;\n{}",
                       own ? "" : fmt::format("    {} 4 32k;\n", kHeaderBuffers));
  }

  std::string own_lines(const std::string& snippet) const {
    const std::string path = fmt::format("{}/domains.d/{}", place_.folder, snippet);
    return std::filesystem::exists(path) ? read_file(path, kMaxOwnLines) : "";
  }

  static std::string serve() { return "    location / { tablegate on; }\n"; }

  std::string redirect(const DomainDefinition& domain) const {
    std::string port;
    const auto standard = [](const std::string& listen) { return parse_listen(listen)->port == 443; };
    if (domain.port != 0)
      port = domain.port == 443 ? "" : fmt::format(":{}", domain.port);
    else if (std::none_of(sockets_.https.begin(), sockets_.https.end(), standard))
      port = fmt::format(":{}", parse_listen(sockets_.https.front())->port);
    return fmt::format(
        "    location / {{\n        add_header X-Ca-Request-Id $request_id always;\n"
        "        return 308 https://$host{}$request_uri;\n    }}\n",
        port);
  }

  std::string plain_socket() const {
    std::string text;
    for (const std::string& listen : addresses(sockets_.http))
      text += fmt::format("    listen {};\n", listen);
    return text + "    tablegate_guest;\n";
  }

  // A port alone is every address, of IPv6 too where the node has it; "0.0.0.0:80" is IPv4 only.
  std::vector<std::string> addresses(const std::vector<std::string>& list) const {
    std::vector<std::string> all = list;
    for (const std::string& listen : list) {
      const std::string other = "[::]:" + listen;
      if (!place_.ipv6 || listen.find(':') != std::string::npos || is_listed(other)) continue;
      all.insert(std::find(all.begin(), all.end(), listen) + 1, other);
    }
    return all;
  }

  bool is_listed(const std::string& listen) const {
    return !listen_clash({listen}, sockets_.http).empty() || !listen_clash({listen}, sockets_.https).empty();
  }

  // The same for all domains.
  const std::string& tls_socket() {
    if (!tls_socket_.empty()) return tls_socket_;
    const bool directive = leader_->http2 && place_.http2_on();
    for (const std::string& listen : addresses(sockets_.https))
      tls_socket_ += fmt::format("    listen {} ssl;\n", listen);
    // `listen ... http2` would give it to all other server blocks of the address too.
    tls_socket_ += leader_->http2 && !directive ? "    tablegate_guest http2;\n" : "    tablegate_guest;\n";
    if (directive) tls_socket_ += "    http2 on;\n";
    tls_socket_ += protocols_line(*leader_);
    return tls_socket_;
  }

  const ManifestContents& contents_;
  const DomainsPlace& place_;
  const ListenSockets sockets_;
  const DomainDefinition* const leader_;  // of the TLS blocks; null: there is none
  SyncReport& report_;
  std::string tls_socket_;
  std::string any_host_certificate_, kept_certificate_;  // of the first domain that can be served
  bool kept_tls_ = false;
};

}  // namespace

std::string snippet_name(const std::string& domain) {
  return domain_file_name(domain, ".conf");
}

std::string write_domains(const ManifestContents& contents, const DomainsPlace& place, SyncReport& report) {
  ListenSockets sockets = check_gateway(contents, report);
  const bool blocks = std::any_of(contents.domains.begin(), contents.domains.end(),
                                  [](const DomainDefinition& domain) { return domain.server_block; });
  // Checked only if it is written into the file: a gateway without domains may be written anywhere.
  if (const std::string fault = bad_node_path(place.folder); blocks && !fault.empty()) {
    throw Refused(fmt::format("--output {}: the folder {}, and its path is written into domains.conf",
                              place.folder, fault),
                  Hint::again().set("--output", "/var/lib/tablegate"));
  }
  return Writer(contents, place, std::move(sockets), report).run();
}

}  // namespace tablegate::loader
