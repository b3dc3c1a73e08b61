// Writes domains.conf: a server block for each domain that something published
// uses, and one for all other hosts. Everything written to it is checked here
// again, because nginx reads it as root. A domain that cannot be served as it is
// defined (its certificate, a path, what nginx sets for a whole socket) keeps its
// previous block, found by the marks around each; only its certificate is
// replaced by the copy of the last good one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/manifest_entries.hpp"
#include "node/certificate_copies.hpp"
#include "node/sync_report.hpp"

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

// The text of domains.conf. What cannot be served is named in `report` and isolated: a listen address is left
// out, a domain keeps its previous block or gets none. Throws Refused when nothing of it can be written: a
// name or path that nginx must not read, or no listen address.
std::string write_domains(const ManifestContents& contents, const DomainsPlace& place, SyncReport& report);

// The file below domains.d that a domain's blocks include: "_.example.com.conf" for "*.example.com".
std::string snippet_name(const std::string& domain);

}  // namespace tablegate::loader
