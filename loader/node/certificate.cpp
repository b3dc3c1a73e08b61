#include "node/certificate.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "core/digest.hpp"
#include "core/openssl.hpp"
#include "node/output_folder.hpp"

namespace tablegate::loader {
namespace {

using core::BioPtr;
using core::OpenSslFree;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;

constexpr size_t kMaxFile = size_t{1} << 20;
constexpr int64_t kDay = 86400;

struct Fault {
  std::string text;
  bool is_local = true;
  bool is_other_key = false;
};

// OpenSSL's last error; also empties its error queue.
std::string openssl_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "no reason was given" : reason;
}

struct FileText : WipedText {
  mode_t mode = 0;
};

// Never blocks: FIFOs and devices are not read.
void read_text(const std::string& what, const std::string& path, FileText& text) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.number() < 0) throw Fault{fmt::format("{} {}: {}", what, path, std::strerror(errno))};
  struct stat about {};
  if (::fstat(file.number(), &about) != 0 || !S_ISREG(about.st_mode))
    throw Fault{fmt::format("{} {}: is not a file", what, path)};
  if (static_cast<size_t>(about.st_size) > kMaxFile)
    throw Fault{fmt::format("{} {}: is larger than {} bytes", what, path, kMaxFile)};
  text.mode = about.st_mode;
  text.bytes.resize(static_cast<size_t>(about.st_size));
  size_t have = 0;
  while (have < text.bytes.size()) {
    const ssize_t got = ::read(file.number(), text.bytes.data() + have, text.bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Fault{fmt::format("{} {}: {}", what, path, std::strerror(errno))};
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  text.bytes.resize(have);
}

BioPtr bio_of(const std::string& bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// As nginx reads it: the first may be a TRUSTED CERTIFICATE; the chain ends where no further BEGIN follows.
std::vector<X509Ptr> read_chain(const std::string& path) {
  FileText text;
  read_text("certificate", path, text);
  const BioPtr bio = bio_of(text.bytes);
  std::vector<X509Ptr> chain;
  ERR_clear_error();
  X509Ptr next(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
  while (next) {
    chain.push_back(std::move(next));
    next.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_reason();
  if (chain.empty())
    throw Fault{fmt::format("certificate {}: holds no PEM certificate that can be read ({})", path, reason)};
  if (!at_end) {
    throw Fault{fmt::format("certificate {}: certificate {} of its chain cannot be read ({})", path,
                            chain.size() + 1, reason)};
  }
  return chain;
}

// Never asks for a passphrase; nginx would, at every start.
int no_passphrase(char*, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

PkeyPtr read_key(const std::string& path, std::vector<std::string>& warnings) {
  FileText text;
  read_text("certificate_key", path, text);
  bool asked = false;
  ERR_clear_error();
  PkeyPtr key(PEM_read_bio_PrivateKey(bio_of(text.bytes).get(), nullptr, no_passphrase, &asked));
  const std::string reason = openssl_reason();
  if (asked)
    throw Fault{fmt::format("certificate_key {}: has a passphrase; nginx requires a key without one", path)};
  if (!key)
    throw Fault{
        fmt::format("certificate_key {}: holds no PEM private key that can be read ({})", path, reason)};
  if ((text.mode & (S_IROTH | S_IWOTH)) != 0)
    warnings.push_back(fmt::format("certificate_key {}: every user of this node can read it", path));
  return key;
}

int64_t seconds_of(const ASN1_TIME* time) {
  struct tm parts {};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(::timegm(&parts)) : 0;
}

std::string iso_of(int64_t seconds) {
  const time_t time = static_cast<time_t>(seconds);
  struct tm parts {};
  ::gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// These files have proved to be a certificate and its key: their dates are no secret.
void check_dates(const std::string& path, const X509& own, int64_t now, CertificateReport& report) {
  const int64_t begins = seconds_of(X509_get0_notBefore(&own));
  const int64_t ends = seconds_of(X509_get0_notAfter(&own));
  if (now > ends) throw Fault{fmt::format("certificate {}: expired at {}", path, report.ends), false};
  if (now < begins)
    throw Fault{fmt::format("certificate {}: is not valid before {}", path, iso_of(begins)), false};
  if (ends - now >= kCertificateDays * kDay) return;
  report.warnings.push_back(
      fmt::format("certificate {}: ends at {}, in {} days", path, report.ends, (ends - now) / kDay));
}

// An incomplete chain. Some chains hold old roots on purpose, so these are warnings, not faults.
void check_issuers(const std::string& path, const std::vector<X509Ptr>& chain, int64_t now,
                   CertificateReport& report) {
  for (size_t i = 1; i < chain.size(); ++i) {
    X509* const issuer = chain[i].get();
    if (X509_check_issued(issuer, chain[i - 1].get()) != X509_V_OK) {
      report.warnings.push_back(fmt::format(
          "certificate {}: certificate {} of its chain is not the issuer of certificate {}", path, i + 1, i));
    }
    const int64_t ends = seconds_of(X509_get0_notAfter(issuer));
    if (now > ends) {
      report.warnings.push_back(fmt::format("certificate {}: certificate {} of its chain expired at {}", path,
                                            i + 1, iso_of(ends)));
    }
  }
}

// Callers check only subjectAltName. A wildcard domain requires a certificate for its first level.
void check_host(const std::string& path, X509& own, const std::string& host, CertificateReport& report) {
  const std::string name = host[0] == '*' ? "tablegate" + host.substr(1) : host;
  const bool matches =
      X509_check_host(&own, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1 ||
      X509_check_ip_asc(&own, name.c_str(), 0) == 1;
  ERR_clear_error();
  if (matches) return;
  report.is_other_host = true;
  report.warnings.push_back(
      fmt::format("certificate {}: is not for {}: its subjectAltName does not name it", path, host));
}

// OpenSSL's own check, as nginx will get it: keys that are too small, algorithms that are too weak.
void check_context(const CertificateFiles& files, const std::vector<X509Ptr>& chain, EVP_PKEY& key) {
  const SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) throw Fault{"OpenSSL could not be started: " + openssl_reason()};
  bool good = SSL_CTX_use_certificate(context.get(), chain[0].get()) == 1;
  for (size_t i = 1; good && i < chain.size(); ++i)
    good = SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) == 1;
  if (!good)
    throw Fault{fmt::format("certificate {}: OpenSSL rejects it: {}", files.certificate, openssl_reason())};
  if (X509_check_private_key(chain[0].get(), &key) != 1) {
    ERR_clear_error();
    throw Fault{
        fmt::format("certificate_key {}: is not the key of certificate {}", files.key, files.certificate),
        true, true};
  }
  if (SSL_CTX_use_PrivateKey(context.get(), &key) != 1)
    throw Fault{fmt::format("certificate_key {}: OpenSSL rejects it: {}", files.key, openssl_reason())};
}

std::string fingerprint_of(const std::vector<X509Ptr>& chain) {
  std::string bytes;
  for (const X509Ptr& one : chain) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(one.get(), &der);
    if (size <= 0) throw Fault{"a certificate cannot be encoded: " + openssl_reason()};
    bytes.append(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
  }
  core::Sha256 sha256;
  core::Digest digest;
  if (!sha256.digest(bytes, digest)) throw Fault{"OpenSSL has no SHA-256"};
  return core::to_hex(digest);
}

struct Pair {
  std::vector<X509Ptr> chain;
  PkeyPtr key;
};

Pair read_pair(const CertificateFiles& files, CertificateReport& report) {
  Pair pair{read_chain(files.certificate), read_key(files.key, report.warnings)};
  check_context(files, pair.chain, *pair.key);
  report.ends = iso_of(seconds_of(X509_get0_notAfter(pair.chain[0].get())));
  report.fingerprint = fingerprint_of(pair.chain);
  return pair;
}

// Written from the parsed parts and not copied from the files: the certificate's file may hold a key as well.
WipedText pem_of(const Pair& pair) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  bool good = bio != nullptr;
  for (const X509Ptr& one : pair.chain) good = good && PEM_write_bio_X509(bio.get(), one.get()) == 1;
  good =
      good && PEM_write_bio_PrivateKey(bio.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  if (!good) throw Fault{"a certificate cannot be copied: " + openssl_reason()};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return WipedText(std::string(text, static_cast<size_t>(size)));
}

template <class Look>
CertificateReport reported(const Look& look) {
  CertificateReport report;
  try {
    look(report);
  } catch (const Fault& fault) {
    report.fault = fault.text;
    report.fault_is_local = fault.is_local;
    report.is_other_key = fault.is_other_key;
    report.warnings.clear();
  }
  return report;
}

}  // namespace

CertificateReport check_certificate(const CertificateFiles& files, const std::string& host, int64_t now,
                                    WipedText* pair) {
  return reported([&](CertificateReport& report) {
    const Pair read = read_pair(files, report);
    check_dates(files.certificate, *read.chain[0], now, report);
    check_issuers(files.certificate, read.chain, now, report);
    check_host(files.certificate, *read.chain[0], host, report);
    if (pair != nullptr) *pair = pem_of(read);
  });
}

CertificateReport check_pair(const CertificateFiles& files) {
  return reported([&](CertificateReport& report) { read_pair(files, report); });
}

}  // namespace tablegate::loader
