// The text of a domain's blocks in domains.conf: the marks by which they are
// found in an earlier file, the lines that name a certificate, and the names of
// a domain's own files. Works on text; touches no file.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tablegate::loader {

// `text` between its marks.
std::string marked_block(const std::string& what, const std::string& text);
// The bytes between the marks in an earlier domains.conf, including the marks.
std::optional<std::string> find_block(const std::string& text, const std::string& what);

// A certificate as a block names it. `certificate` and `key` may be the same file.
struct NamedCertificate {
  std::string certificate, key;   // paths
  std::string ends, fingerprint;  // from CertificateReport
};
std::string certificate_lines(const NamedCertificate& named);
// The block with its certificate lines replaced by these; unchanged if it names no certificate.
std::string with_certificate(const std::string& block, const std::string& lines);
// The paths of its certificate and key; none if it names none.
std::vector<std::string> files_named(const std::string& block);

// "_.example.com.conf" for "*.example.com" and ".conf".
std::string domain_file_name(const std::string& domain, const std::string& suffix);

}  // namespace tablegate::loader
