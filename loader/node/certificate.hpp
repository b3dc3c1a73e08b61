// Checks a certificate and its key on this node as nginx will: readable,
// parsed, belonging together, in date. What would stop nginx or every caller is
// a fault; what an operator should look at is a warning. A domain may name any
// file of the node, so the fault of a file is reported on the node only. Messages hold nothing
// of the files except public names and times; a key leaves this only in the
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
  bool fault_is_local = false;        // it describes a file: for this node's own log only
  bool is_other_key = false;          // the fault: the key is another certificate's
  bool is_other_host = false;         // among the warnings: it does not name the host
  std::vector<std::string> warnings;  // if it can be served
  std::string fingerprint;            // SHA-256 of all certificates of the file, hex
  std::string ends;                   // of the host's own: 2027-01-31T08:00:00Z
};

// There is a warning for certificates that end within this many days.
constexpr int kCertificateDays = 14;

// `host`: the domain to serve, "*.example.com" too. `now`: seconds since 1970. `pair` gets the checked chain
// and key in one PEM text.
CertificateReport check_certificate(const CertificateFiles& files, const std::string& host, int64_t now,
                                    WipedText* pair = nullptr);
// Checks only whether nginx can read both files, not the date and the host.
CertificateReport check_pair(const CertificateFiles& files);

}  // namespace tablegate::loader
