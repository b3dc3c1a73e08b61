// Writes domains.conf: a server block for each domain that something published
// uses, and one for all other hosts. Everything written to it is checked here
// again, because nginx reads it as root. A domain whose certificate cannot be
// served keeps its previous block, found by the marks around each; only its
// certificate is replaced by the copy of the last good one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/manifest_entries.hpp"
#include "node/certificate_copies.hpp"

namespace tablegate::loader {

// What the writer must know about this node.
struct DomainsPlace {
  std::string folder;              // absolute: its `domains.d` is included
  std::string previous;            // domains.conf as nginx has it; empty: none
  std::function<bool()> http2_on;  // "http2 on;" is known; called only when needed
  int64_t now = 0;                 // seconds since 1970
  CertificateCopies* copies = nullptr;
  bool ipv6 = false;  // the node can listen on [::]
};

// The findings about the domains of one sync, one line each.
struct DomainReport {
  std::vector<std::string> faults;      // domains whose certificate cannot be served: for this node's log
  std::vector<std::string> reported;    // the same lines for the catalog, without the faults of files
  std::vector<std::string> kept_files;  // files that kept blocks name because there is no copy
  std::vector<std::string> warnings;    // certificates that an operator should look at
  std::vector<std::string> notes;       // what new listen lines mean beside the server blocks of others
};

// The text of domains.conf. Throws Refused: a name, path or address that nginx must not read, or domains that
// differ in what nginx sets per socket.
std::string write_domains(const ManifestContents& contents, const DomainsPlace& place, DomainReport& report);

// The file below domains.d that a domain's blocks include: "_.example.com.conf" for "*.example.com".
std::string snippet_name(const std::string& domain);

}  // namespace tablegate::loader
