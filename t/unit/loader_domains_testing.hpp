// Domains with certificates of their own, and what is written of them to domains.conf.
#pragma once

#include "node/domains_writer.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/refusal.hpp"
#include "core/openssl.hpp"
#include "node/certificate.hpp"
#include "node/nginx_version.hpp"

#include "loader_testing.hpp"  // last: see there

namespace tablegate::loader::testing::domains {

using core::OpenSslFree;

inline constexpr int64_t kNow = 1800000000;  // 2027-01-15T08:00:00Z
inline constexpr int64_t kDay = 86400;

using Key = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, OpenSslFree<X509_free>>;

// A folder for each test's process, deleted with it.
inline const std::string& folder() {
  struct Folder {
    Folder() {
      char text[] = "/tmp/tablegate-domains-XXXXXX";
      if (mkdtemp(text) != nullptr) path = text;
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::string path;
  };
  static const Folder made;
  return made.path;
}

inline std::string path_of(const std::string& name) {
  return folder() + "/" + name;
}

inline void write_file(const std::string& name, const std::string& text) {
  std::FILE* const file = std::fopen(path_of(name).c_str(), "w");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(std::fwrite(text.data(), 1, text.size(), file), text.size());
  ck_assert_int_eq(std::fclose(file), 0);
  ck_assert_int_eq(chmod(path_of(name).c_str(), 0600), 0);
}

inline std::string pem(const std::function<int(BIO*)>& write) {
  const tablegate::core::BioPtr bio(BIO_new(BIO_s_mem()));
  ck_assert_int_eq(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

inline Key make_key() {
  return Key(EVP_EC_gen("P-256"));
}

inline std::string key_text(const Key& key, const char* passphrase = nullptr) {
  return pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), passphrase == nullptr ? nullptr : EVP_aes_128_cbc(),
                                    nullptr, 0, nullptr, const_cast<char*>(passphrase));
  });
}

struct Wanted {
  std::string names = "DNS:api.example.com";
  int64_t from = kNow - kDay;
  int64_t until = kNow + 90 * kDay;
  const char* issuer = "itself";
};

inline std::string certificate_text(const Key& key, const Wanted& wanted = {}, EVP_PKEY* signer = nullptr) {
  const Certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), static_cast<time_t>(wanted.from));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), static_cast<time_t>(wanted.until));
  const auto name = [](X509_NAME* place, const char* text) {
    X509_NAME_add_entry_by_txt(place, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1,
                               -1, 0);
  };
  name(X509_get_subject_name(made.get()), "itself");
  name(X509_get_issuer_name(made.get()), wanted.issuer);
  X509_set_pubkey(made.get(), key.get());
  std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wanted.names.c_str()));
  X509_add_ext(made.get(), names.get(), -1);
  ck_assert_int_gt(X509_sign(made.get(), signer == nullptr ? key.get() : signer, EVP_sha256()), 0);
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); });
}

inline CertificateReport check(const std::string& host = "api.example.com") {
  return check_certificate({path_of("a.crt"), path_of("a.key")}, host, kNow);
}

inline void has(const std::string& text, const std::string& piece) {
  ck_assert_msg(text.find(piece) != std::string::npos, "\"%s\" is not in\n%s", piece.c_str(), text.c_str());
}

inline void has_not(const std::string& text, const std::string& piece) {
  ck_assert_msg(text.find(piece) == std::string::npos, "\"%s\" is in\n%s", piece.c_str(), text.c_str());
}

inline DomainDefinition domain(const std::string& name, const std::string& protocol = "HTTP") {
  DomainDefinition entry;
  entry.name = name;
  entry.protocol = protocol;
  if (protocol == "HTTPS") {
    entry.certificate = path_of("a.crt");
    entry.certificate_key = path_of("a.key");
  }
  return entry;
}

inline ManifestContents gateway(std::vector<DomainDefinition> domains) {
  ManifestContents contents;
  contents.gateway = "edge";
  contents.domains = std::move(domains);
  return contents;
}

inline DomainsPlace place(bool directive = false, std::string previous = {}) {
  return {"/var/lib/tablegate", std::move(previous), [directive] { return directive; }, kNow, nullptr};
}

inline std::string written(const ManifestContents& contents, const DomainsPlace& where = place()) {
  SyncReport report;
  std::string text = write_domains(contents, where, report);
  ck_assert_msg(report.faults.empty(), "%s", report.faults.empty() ? "" : report.faults[0].c_str());
  return text;
}

// What is said of contents of which something cannot be written.
inline std::string refusal(const ManifestContents& contents, const DomainsPlace& where = place()) {
  SyncReport report;
  try {
    const std::string text = write_domains(contents, where, report);
    has_not(text, "injected");
    has_not(text, "$host");
  } catch (const Refused& refused) {
    ck_assert_msg(refused.next().kind() != Hint::Kind::none, "without a next command: %s", refused.what());
    report.add(refused.what());
  }
  ck_assert_uint_eq(report.faults.size(), report.reported.size());
  std::string text;
  for (const std::string& fault : report.faults) text += fault + "\n";
  ck_assert_msg(!text.empty(), "was not refused");
  return text;
}

inline void good_certificate() {
  const Key key = make_key();
  write_file("a.key", key_text(key));
  write_file("a.crt", certificate_text(key));
}

}  // namespace tablegate::loader::testing::domains
