#include "node/certificate_copies.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/refusal.hpp"
#include "node/certificate.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kFolder = "certificates";

std::string file_of(const std::string& domain) {
  return domain_file_name(domain, ".pem");
}

}  // namespace

CertificateCopies::CertificateCopies(const OutputFolder& folder, const std::string& absolute)
    : folder_(folder), absolute_(absolute + "/" + kFolder) {}

std::optional<NamedCertificate> CertificateCopies::find(const std::string& domain) {
  const std::string name = file_of(domain);
  in_use_.insert(name);
  if (!is_safe()) return std::nullopt;
  const std::string path = absolute_ + "/" + name;
  const CertificateReport found = check_pair({path, path});
  if (!found.fault.empty()) return std::nullopt;
  return NamedCertificate{path, path, found.ends, found.fingerprint};
}

// No other user can put a file there; keep() reports what is wrong.
bool CertificateCopies::is_safe() const {
  try {
    return folder_.subfolder(kFolder).has_value();
  } catch (const Failure&) {
    return false;
  }
}

void CertificateCopies::offer(const std::string& domain, WipedText pair) {
  const std::string name = file_of(domain);
  in_use_.insert(name);
  offered_.insert_or_assign(name, std::move(pair));
}

void CertificateCopies::keep(std::vector<std::string>& warnings) {
  try {
    write_offered();
    remove_others();
  } catch (const Failure& failure) {
    warnings.push_back(fmt::format("certificates cannot be kept for later: {}", failure.what()));
  }
}

void CertificateCopies::write_offered() {
  if (offered_.empty()) return;
  const OutputFolder copies = folder_.make_subfolder(kFolder);
  bool written = false;
  for (const auto& [name, pair] : offered_) {
    const WipedText there(copies.read(name).value_or(""));
    if (there.bytes == pair.bytes) continue;
    copies.write(name, pair.bytes);
    written = true;
  }
  if (written) copies.sync();
}

void CertificateCopies::remove_others() {
  const std::optional<OutputFolder> copies = folder_.subfolder(kFolder);
  if (!copies) return;
  for (const std::string& name : copies->names()) {
    if (in_use_.count(name) == 0 && !is_named(name)) copies->remove(name);
  }
}

// The previous files may be put back: the copies that they name are kept as long.
bool CertificateCopies::is_named(const std::string& name) const {
  const std::string path = absolute_ + "/" + name + ";";
  for (const char* const file : {"domains.conf", "domains.conf.previous"}) {
    if (folder_.read(file).value_or("").find(path) != std::string::npos) return true;
  }
  return false;
}

}  // namespace tablegate::loader
