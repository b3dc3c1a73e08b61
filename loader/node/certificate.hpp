// Looks at a certificate and its key on this node as nginx will: read, parsed,
// one belonging to the other, in date. What would stop nginx or every caller is
// a fault; what somebody should look at is a warning. Who defines a domain may name
// any file of the node, so what is wrong with a file is told on the node only. No text of a finding holds
// anything of a file but public names and times; a key leaves this only as the
// pair that the caller asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/wiped_text.hpp"

namespace tablegate::loader {

struct CertificateFiles {
  std::string certificate;  // PEM: the host's own first, then its issuers'
  std::string key;          // PEM, without a passphrase
};

struct CertificateReport {
  std::string fault;                  // empty: it can be served
  bool fault_is_local = false;        // it says what a file is: for this node's own log only
  std::vector<std::string> warnings;  // where it can be served
  std::string fingerprint;            // SHA-256 of all certificates of the file, hex
  std::string ends;                   // of the host's own: 2027-01-31T08:00:00Z
};

// Certificates that end within this many days are warned of.
constexpr int kCertificateDays = 14;

// `host`: the domain that it is to prove, "*.example.com" too. `now`: seconds since 1970. `pair` gets what
// was found good, chain and key in one PEM text.
CertificateReport check_certificate(const CertificateFiles& files, const std::string& host, int64_t now,
                                    WipedText* pair = nullptr);
// Only whether nginx can read both, whatever the date and the host.
CertificateReport check_pair(const CertificateFiles& files);

}  // namespace tablegate::loader
