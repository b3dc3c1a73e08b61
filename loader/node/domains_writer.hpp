// domains.conf: a server block for each domain that something published uses,
// and one for hosts that no domain names. Everything that stands in it is looked
// at here once more, because nginx reads it as root. A domain whose certificate
// cannot be served keeps the block it had, found again between the marks that are
// written around each; only its certificate becomes the copy of the last good one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compile/manifest_writer.hpp"
#include "node/certificate_copies.hpp"

namespace tablegate::loader {

// What the writer needs to know of this node.
struct DomainsPlace {
  std::string folder;              // absolute: `domains.d` of it is included
  std::string previous;            // domains.conf as nginx has it; empty: none
  std::function<bool()> http2_on;  // "http2 on;" instead of "listen ... http2"; asked when it matters
  int64_t now = 0;                 // seconds since 1970
  CertificateCopies* copies = nullptr;
};

// What there is to say of the domains of one sync, a line each.
struct DomainReport {
  std::vector<std::string> faults;      // domains whose certificate cannot be served: for this node's log
  std::vector<std::string> reported;    // the same lines for the catalog, which say nothing of a file
  std::vector<std::string> kept_files;  // that kept blocks still name, for want of a copy
  std::vector<std::string> warnings;    // certificates that somebody should look at
};

// The text of domains.conf. Throws Refused: a name, path or address that nginx must not read, or domains that
// differ in what nginx sets per socket.
std::string write_domains(const ManifestContents& contents, const DomainsPlace& place, DomainReport& report);

// The file below domains.d that a domain's blocks include: "_.example.com.conf" for "*.example.com".
std::string snippet_name(const std::string& domain);

}  // namespace tablegate::loader
