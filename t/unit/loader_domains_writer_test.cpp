// What is written to domains.conf and what never is; certificates as nginx
// would read them.

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

using namespace tablegate::loader;
using tablegate::core::OpenSslFree;
using tablegate::loader::testing::same_text;

namespace {

constexpr int64_t kNow = 1800000000;  // 2027-01-15T08:00:00Z
constexpr int64_t kDay = 86400;

using Key = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, OpenSslFree<X509_free>>;

// A folder for each test's process, deleted with it.
const std::string& folder() {
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

std::string path_of(const std::string& name) {
  return folder() + "/" + name;
}

void write_file(const std::string& name, const std::string& text) {
  std::FILE* const file = std::fopen(path_of(name).c_str(), "w");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(std::fwrite(text.data(), 1, text.size(), file), text.size());
  ck_assert_int_eq(std::fclose(file), 0);
  ck_assert_int_eq(chmod(path_of(name).c_str(), 0600), 0);
}

std::string pem(const std::function<int(BIO*)>& write) {
  const tablegate::core::BioPtr bio(BIO_new(BIO_s_mem()));
  ck_assert_int_eq(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Key make_key() {
  return Key(EVP_EC_gen("P-256"));
}

std::string key_text(const Key& key, const char* passphrase = nullptr) {
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

std::string certificate_text(const Key& key, const Wanted& wanted = {}, EVP_PKEY* signer = nullptr) {
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

CertificateReport check(const std::string& host = "api.example.com") {
  return check_certificate({path_of("a.crt"), path_of("a.key")}, host, kNow);
}

void has(const std::string& text, const std::string& piece) {
  ck_assert_msg(text.find(piece) != std::string::npos, "\"%s\" is not in\n%s", piece.c_str(), text.c_str());
}

void has_not(const std::string& text, const std::string& piece) {
  ck_assert_msg(text.find(piece) == std::string::npos, "\"%s\" is in\n%s", piece.c_str(), text.c_str());
}

DomainDefinition domain(const std::string& name, const std::string& protocol = "HTTP") {
  DomainDefinition entry;
  entry.name = name;
  entry.protocol = protocol;
  if (protocol == "HTTPS") {
    entry.certificate = path_of("a.crt");
    entry.certificate_key = path_of("a.key");
  }
  return entry;
}

ManifestContents gateway(std::vector<DomainDefinition> domains) {
  ManifestContents contents;
  contents.gateway = "edge";
  contents.domains = std::move(domains);
  return contents;
}

DomainsPlace place(bool directive = false, std::string previous = {}) {
  return {"/var/lib/tablegate", std::move(previous), [directive] { return directive; }, kNow, nullptr};
}

std::string written(const ManifestContents& contents, const DomainsPlace& where = place()) {
  SyncReport report;
  std::string text = write_domains(contents, where, report);
  ck_assert_msg(report.faults.empty(), "%s", report.faults.empty() ? "" : report.faults[0].c_str());
  return text;
}

// What is said of contents of which something cannot be written.
std::string refusal(const ManifestContents& contents, const DomainsPlace& where = place()) {
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

void good_certificate() {
  const Key key = make_key();
  write_file("a.key", key_text(key));
  write_file("a.crt", certificate_text(key));
}

START_TEST(without_domains_there_is_no_block) {
  same_text(written(gateway({})),
            "# Written by tablegate sync for gateway edge. Do not edit: the next sync replaces it.\n"
            "# No domain in use has a server block here.\n");
  DomainDefinition own = domain("own.example.com");
  own.server_block = false;
  same_text(written(gateway({own})), written(gateway({})));
}
END_TEST

START_TEST(an_http_domain_has_one_block) {
  ManifestContents contents = gateway({domain("api.example.com")});
  contents.http_listen = {"80", "[::]:80"};
  same_text(written(contents),
            "# Written by tablegate sync for gateway edge. Do not edit: the next sync replaces it.\n"
            "# begin any host\n"
            "server {\n"
            "    listen 80;\n"
            "    listen [::]:80;\n"
            "    tablegate_guest;\n"
            "    server_name _tablegate_any_host;\n"
            "    tablegate_errors on;\n    large_client_header_buffers 4 32k;\n"
            "    location / { tablegate on; }\n"
            "}\n"
            "# end any host\n"
            "# begin domain api.example.com\n"
            "server {\n"
            "    listen 80;\n"
            "    listen [::]:80;\n"
            "    tablegate_guest;\n"
            "    server_name api.example.com;\n"
            "    tablegate_errors on;\n    large_client_header_buffers 4 32k;\n"
            "    include /var/lib/tablegate/domains.d/api.example.com.con[f];\n"
            "    location / { tablegate on; }\n"
            "}\n"
            "# end domain api.example.com\n");
}
END_TEST

START_TEST(a_port_is_ipv6_too) {
  ManifestContents contents = gateway({domain("api.example.com")});
  DomainsPlace where = place();
  where.ipv6 = true;
  has(written(contents, where), "    listen 80;\n    listen [::]:80;\n    tablegate_guest;\n");
  contents.http_listen = {"0.0.0.0:80", "127.0.0.1:81", "[0::0]:82", "82"};
  has(written(contents, where),
      "    listen 0.0.0.0:80;\n    listen 127.0.0.1:81;\n    listen [0::0]:82;\n    listen 82;\n    "
      "tablegate_guest;\n");
}
END_TEST

START_TEST(an_https_domain_has_two_blocks) {
  good_certificate();
  const CertificateReport found = check();
  same_text(found.fault, "");
  const std::string certificate = "    # ends 2027-04-15T08:00:00Z, sha256 " + found.fingerprint +
                                  "\n    ssl_certificate " + path_of("a.crt") +
                                  ";\n    ssl_certificate_key " + path_of("a.key") + ";\n";
  const std::string text = written(gateway({domain("api.example.com", "HTTPS")}));
  has(text,
      "# begin any host, TLS\nserver {\n    listen 443 ssl;\n    tablegate_guest http2;\n    ssl_protocols "
      "TLSv1.2 TLSv1.3;\n" +
          certificate + "    server_name _tablegate_any_host;\n");
  has(text,
      "# begin domain api.example.com\nserver {\n    listen 443 ssl;\n    tablegate_guest http2;\n"
      "    ssl_protocols TLSv1.2 TLSv1.3;\n" +
          certificate +
          "    server_name api.example.com;\n    tablegate_errors on;\n"
          "    large_client_header_buffers 4 32k;\n    include "
          "/var/lib/tablegate/domains.d/api.example.com.con[f];\n"
          "    location / { tablegate on; }\n}\n"
          "server {\n    listen 80;\n    tablegate_guest;\n    server_name api.example.com;\n    "
          "tablegate_errors on;\n    large_client_header_buffers 4 32k;\n    include "
          "/var/lib/tablegate/domains.d/api.example.com.con[f];\n"
          "    location / { tablegate on; }\n}\n# end domain api.example.com\n");
}
END_TEST

START_TEST(settings_of_tls_and_http2) {
  good_certificate();
  DomainDefinition entry = domain("*.example.com", "HTTPS");
  entry.force_https = true;
  entry.tls_min = "TLSv1.3";
  ManifestContents contents = gateway({entry});
  std::string text = written(contents, place(true));
  has(text, "    listen 443 ssl;\n    tablegate_guest;\n    http2 on;\n    ssl_protocols TLSv1.3;\n");
  has(text, "return 308 https://$host$request_uri;");
  has(text, "    server_name *.example.com;\n");
  has(text, "domains.d/_.example.com.con[f];");
  contents.https_listen = {"127.0.0.1:8443", "[::1]:9443"};
  contents.domains[0].tls_min = contents.domains[0].tls_max = "TLSv1.2";
  contents.domains[0].http2 = false;
  text = written(contents, place(true));
  has(text,
      "    listen 127.0.0.1:8443 ssl;\n    listen [::1]:9443 ssl;\n    tablegate_guest;\n    ssl_protocols "
      "TLSv1.2;\n");
  has_not(text, "http2");
  has(text, "return 308 https://$host:8443$request_uri;");
  contents.https_listen = {"8443", "443"};
  has(written(contents), "return 308 https://$host$request_uri;");
}
END_TEST

START_TEST(one_bad_thing_leaves_the_rest) {
  good_certificate();
  DomainDefinition bad = domain("bad.example.com", "HTTPS");
  bad.certificate = "relative.crt";
  ManifestContents contents =
      gateway({domain("a b"), bad, domain("good.example.com", "HTTPS"), domain("plain")});
  contents.http_listen = {"80;", "8080"};
  contents.https_listen = {"8443", "8080"};
  SyncReport report;
  const std::string text = write_domains(contents, place(), report);
  ck_assert_uint_eq(report.faults.size(), 4);
  has(text, "server_name good.example.com;");
  has(text, "server_name plain;");
  has(text, "listen 8080;");
  has(text, "listen 8443 ssl");
  has_not(text, "listen 8080 ssl");
  has_not(text, "listen 80;");
  has_not(text, "a b");
  has_not(text, "bad.example.com");
}
END_TEST

START_TEST(what_could_inject_is_refused) {
  good_certificate();
  for (const char* name :
       {"a;b", "a b", "a\n", "", "A.example.com", "a{", "$host", "a\"", "*.*.b", "~^.*$", "_", "a'"}) {
    const std::string said = refusal(gateway({domain(name)}));
    has(said, "no host name");
    has_not(said, "$host");
  }
  for (const char* path : {"", "relative.crt", "/a b", "/a;", "/a\n", "/a$b", "/a\"", "data:x", "engine:x",
                           "/a{", "/a'", "/a\\"}) {
    DomainDefinition entry = domain("api.example.com", "HTTPS");
    entry.certificate = path;
    has(refusal(gateway({entry})), "its certificate must be an absolute path");
    entry = domain("api.example.com", "HTTPS");
    entry.certificate_key = path;
    has(refusal(gateway({entry})), "its certificate_key must be an absolute path");
  }
  for (const char* listen : {"80;", "80 default_server", "unix:/x", "", "*:80", "localhost:80", "80\n}"}) {
    ManifestContents contents = gateway({domain("a")});
    contents.http_listen = {listen};
    has(refusal(contents), "a listen address of gateway edge must be");
    contents = gateway({domain("a")});
    contents.https_listen = {"443", listen};
    has(refusal(contents), "a listen address of gateway edge must be");
  }
  ManifestContents contents = gateway({});
  contents.gateway = "x\ninjected";
  has(refusal(contents), "the gateway's name");
  DomainDefinition entry = domain("a", "HTTPS");
  entry.tls_max = "TLSv1.3; }";
  has(refusal(gateway({entry})), "tls_min and tls_max");
  entry = domain("a", "ftp");
  has(refusal(gateway({entry})), "protocol");
  DomainsPlace where = place();
  for (const char* path : {"/a b", "relative", "/a\"", "/a*"}) {
    where.folder = path;
    has(refusal(gateway({domain("a")}), where), "--output");
  }
  written(gateway({}), where);  // the folder's path is not in the file
}
END_TEST

START_TEST(sockets_do_not_clash) {
  ManifestContents contents = gateway({domain("a")});
  contents.http_listen = {"8080", "0.0.0.0:8080"};
  has(refusal(contents), "8080 and 0.0.0.0:8080 are the same socket");
  contents.http_listen = {"8443"};
  contents.https_listen = {"8443"};
  has(refusal(contents), "the same socket");
}
END_TEST

START_TEST(a_mix_is_isolated_with_both_names) {
  good_certificate();
  const auto mixed = [](const std::function<void(DomainDefinition&)>& change, const char* field) {
    ManifestContents contents = gateway({domain("a", "HTTPS"), domain("b"), domain("c", "HTTPS")});
    change(contents.domains[2]);
    const std::string said = refusal(contents);
    has(said, std::string("domain \"c\": it and domain \"a\" differ in ") + field);
    SyncReport report;
    const std::string text = write_domains(contents, place(), report);
    has(text, "# begin domain a\n");
    has(text, "# begin domain b\n");
    has_not(text, "# begin domain c\n");
    // The settings that nginx has win, so that a new domain changes no other one.
    ManifestContents before = gateway({contents.domains[2]});
    SyncReport later;
    const std::string kept = write_domains(contents, place(false, written(before)), later);
    has(kept, "# begin domain c\n");
    has_not(kept, "# begin domain a\n");
    ck_assert_uint_eq(later.faults.size(), 1);
    contents.domains[2].server_block = false;
    written(contents);  // a server of the user's is unchanged
  };
  mixed([](DomainDefinition& one) { one.http2 = false; }, "http2 (true and false)");
  mixed([](DomainDefinition& one) { one.tls_min = "TLSv1.3"; }, "tls_min (TLSv1.2 and TLSv1.3)");
  mixed([](DomainDefinition& one) { one.tls_max = "TLSv1.2"; }, "tls_max (TLSv1.3 and TLSv1.2)");
}
END_TEST

START_TEST(a_bad_certificate_keeps_the_block_before) {
  good_certificate();
  const ManifestContents contents = gateway({domain("a.example.com"), domain("api.example.com", "HTTPS")});
  const std::string before = written(contents);
  write_file("a.crt", "gone");
  SyncReport report;
  same_text(write_domains(contents, place(false, before), report), before);
  ck_assert_uint_eq(report.faults.size(), 1);
  has(report.faults[0], "domain \"api.example.com\": certificate " + path_of("a.crt"));
  has(report.faults[0], "it keeps the server block it had");
  ck_assert_uint_eq(report.reported.size(), 1);
  has(report.reported[0], "the log of sync there says why; it keeps the server block it had");
  has_not(report.reported[0], path_of("a.crt"));
  same_text(report.kept_files.at(0), path_of("a.crt"));
  same_text(report.kept_files.at(1), path_of("a.key"));
  // The bytes between the marks never change, also with other blocks around them.
  std::string other = before;
  other.insert(other.find("    server_name api.example.com;"), "    # \t odd  bytes\xff\n");
  ManifestContents grown = contents;
  grown.domains.push_back(domain("z.example.com"));
  const std::string kept = write_domains(grown, place(true, other), report);
  has(kept, other.substr(other.find("# begin domain api.example.com")));
  has(kept, "server_name z.example.com;");
  // No block before: none now, and everything else is written.
  SyncReport none;
  const std::string without = write_domains(contents, place(), none);
  has_not(without, "api.example.com");
  has(without, "server_name a.example.com;");
  has(none.faults[0], "gets none");
  ck_assert(none.kept_files.empty());
  // A block without its end mark is none.
  SyncReport cut;
  const size_t end = before.find("# end domain api.example.com");
  has_not(write_domains(contents, place(false, before.substr(0, end)), cut), "api.example.com");
}
END_TEST

mode_t mode_of(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 ? about.st_mode & 07777U : 0;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// domains.conf as a sync would write it, and what is kept of it.
std::string synced(const OutputFolder& out, const ManifestContents& contents, SyncReport& report) {
  CertificateCopies copies(out, out.path());
  DomainsPlace where = place(false, out.read("domains.conf").value_or(""));
  where.copies = &copies;
  std::string text = write_domains(contents, where, report);
  out.keep_previous("domains.conf");
  out.write("domains.conf", text);
  copies.keep(report.warnings);
  return text;
}

START_TEST(a_kept_block_names_a_copy_of_what_was_good) {
  const OutputFolder out(path_of("out"));
  const std::string copy = out.path() + "/certificates/api.example.com.pem";
  good_certificate();
  // Both in one file: the chain is not doubled.
  const std::string pair = text_of(path_of("a.crt")) + text_of(path_of("a.key"));
  write_file("a.crt", pair);
  write_file("a.key", pair);
  const ManifestContents contents = gateway({domain("api.example.com", "HTTPS")});
  SyncReport report;
  const std::string before = synced(out, contents, report);
  has_not(before, copy);
  same_text(text_of(copy), pair);
  ck_assert_uint_eq(mode_of(copy), 0600);
  ck_assert_uint_eq(mode_of(out.path() + "/certificates"), 0700);
  write_file("a.key", key_text(make_key()));
  const std::string kept = synced(out, contents, report);
  std::string wanted = before;
  for (const std::string& own : {path_of("a.crt"), path_of("a.key")}) {
    for (size_t at = wanted.find(own); at != std::string::npos; at = wanted.find(own))
      wanted.replace(at, own.size(), copy);
  }
  same_text(kept, wanted);
  same_text(synced(out, contents, report), wanted);
  ck_assert(report.kept_files.empty());
  has(report.faults.at(0), "with the copy of its last good certificate");
  // Files that are no longer good are not named.
  write_file("out/certificates/api.example.com.pem", "nothing");
  synced(out, contents, report);
  same_text(report.kept_files.at(0), copy);
  // Good again: its own files, and a new copy.
  good_certificate();
  SyncReport good;
  has_not(synced(out, contents, good), copy);
  same_text(text_of(copy), text_of(path_of("a.crt")) + text_of(path_of("a.key")));
  ck_assert(good.warnings.empty());
  // The domain is removed; the copy is deleted once the previous files no longer name it.
  synced(out, gateway({domain("a.example.com")}), good);
  ck_assert_uint_eq(mode_of(copy), 0);
}
END_TEST

START_TEST(a_copy_that_cannot_be_kept_is_told) {
  const OutputFolder out(path_of("taken"));
  out.write("certificates", "");
  good_certificate();
  SyncReport report;
  const ManifestContents contents = gateway({domain("api.example.com", "HTTPS")});
  has(synced(out, contents, report), "server_name api.example.com;");
  has(report.warnings.at(0), "certificates cannot be kept for later: ");
  // If others could put files there, no copy is used.
  out.remove("certificates");
  synced(out, contents, report);
  ck_assert_int_eq(chmod((out.path() + "/certificates").c_str(), 0777), 0);
  write_file("a.key", "gone");
  has_not(synced(out, contents, report), "certificates/");
}
END_TEST

START_TEST(a_renewed_certificate_changes_the_file) {
  good_certificate();
  const ManifestContents contents = gateway({domain("api.example.com", "HTTPS")});
  const std::string before = written(contents);
  same_text(written(contents), before);
  good_certificate();
  ck_assert_msg(written(contents) != before, "another certificate, the same file");
}
END_TEST

START_TEST(certificates_that_nginx_could_not_serve) {
  const Key key = make_key();
  const Key other = make_key();
  write_file("a.key", key_text(key));
  has(check().fault, "certificate " + path_of("a.crt") + ": No such file");
  write_file("a.crt", "");
  has(check().fault, "holds no PEM certificate");
  write_file("a.crt", key_text(key));
  has(check().fault, "holds no PEM certificate");
  const std::string good = certificate_text(key);
  write_file("a.crt", good + good.substr(0, good.size() / 2));
  has(check().fault, "certificate 2 of its chain cannot be read");
  write_file("a.crt", certificate_text(other));
  has(check().fault, "certificate_key " + path_of("a.key") + ": is not the key of certificate");
  write_file("a.crt", certificate_text(key, {"DNS:api.example.com", kNow - 9 * kDay, kNow - 1}));
  has(check().fault, "expired at 2027-01-15T07:59:59Z");
  ck_assert(!check().fault_is_local);
  write_file("a.crt", certificate_text(key, {"DNS:api.example.com", kNow + 1, kNow + 99 * kDay}));
  has(check().fault, "is not valid before 2027-01-15T08:00:01Z");
  write_file("a.crt", good);
  same_text(check().fault, "");
  write_file("a.key", key_text(key, "secret"));
  has(check().fault, "has a passphrase");
  ck_assert(check().fault_is_local);
  write_file("a.key", good);
  has(check().fault, "holds no PEM private key");
  unlink(path_of("a.key").c_str());
  has(check().fault, "certificate_key " + path_of("a.key") + ": No such file");
  ck_assert_int_eq(mkdir(path_of("a.key").c_str(), 0700), 0);
  has(check().fault, "is not a file");
  rmdir(path_of("a.key").c_str());
  ck_assert_int_eq(mkfifo(path_of("a.key").c_str(), 0600), 0);  // no writer: must not wait
  has(check().fault, "is not a file");
  unlink(path_of("a.key").c_str());
  const Key small(EVP_RSA_gen(1024));
  write_file("a.key", key_text(small));
  write_file("a.crt", certificate_text(small));
  has(check().fault, "OpenSSL rejects it");
  ck_assert(check().warnings.empty());
}
END_TEST

START_TEST(certificates_that_somebody_should_look_at) {
  const Key key = make_key();
  const auto warned = [&](const Wanted& wanted, const std::string& host) {
    write_file("a.key", key_text(key));
    write_file("a.crt", certificate_text(key, wanted));
    const CertificateReport found = check(host);
    same_text(found.fault, "");
    std::string all;
    for (const std::string& warning : found.warnings) all += warning + "\n";
    return all;
  };
  Wanted wanted;
  same_text(warned(wanted, "api.example.com"), "");
  wanted.until = kNow + 14 * kDay;
  same_text(warned(wanted, "api.example.com"), "");
  wanted.until -= 1;
  has(warned(wanted, "api.example.com"), "ends at 2027-01-29T07:59:59Z, in 13 days");
  wanted = {};
  has(warned(wanted, "other.example.com"), "is not for other.example.com");
  has(warned(wanted, "*.example.com"), "is not for *.example.com");
  wanted.names = "DNS:*.example.com";
  same_text(warned(wanted, "*.example.com"), "");
  same_text(warned(wanted, "api.example.com"), "");
  has(warned(wanted, "a.b.example.com"), "is not for");
  wanted.names = "IP:127.0.0.1";
  same_text(warned(wanted, "127.0.0.1"), "");
  // A chain: of the issuer, of an unrelated one, of an issuer that expired.
  wanted = {};
  const Key issuer = make_key();
  const std::string own = certificate_text(key, wanted, issuer.get());
  write_file("a.crt", own + certificate_text(issuer));
  same_text(check().fault, "");
  ck_assert(check().warnings.empty());
  wanted.issuer = "stranger";
  write_file("a.crt", certificate_text(key, wanted, issuer.get()) + certificate_text(issuer));
  has(check().warnings.at(0), "certificate 2 of its chain is not the issuer of certificate 1");
  write_file("a.crt", own + certificate_text(issuer, {"DNS:x", 1000, kNow - kDay}));
  same_text(check().fault, "");
  has(check().warnings.at(0), "certificate 2 of its chain expired");
  good_certificate();
  chmod(path_of("a.key").c_str(), 0644);
  has(check().warnings.at(0), "every user of this node can read it");
}
END_TEST

START_TEST(versions_of_nginx) {
  const auto directive = [](const char* text) {
    const auto version = parse_nginx_version(text);
    ck_assert_msg(version.has_value(), "%s", text);
    return version->has_http2_directive();
  };
  for (const char* old :
       {"1.22.1", "1.25.0", "nginx version: nginx/1.22.1\n", "nginx version: nginx/1.18.0 (Ubuntu)"})
    ck_assert_msg(!directive(old), "%s", old);
  for (const char* recent : {"1.25.1", "1.26.0", "2.0.0", "nginx version: openresty/1.25.3.1",
                             "[warn] x\nnginx version: nginx/1.29.1\n"})
    ck_assert_msg(directive(recent), "%s", recent);
  for (const char* none : {"", "nginx", "sh: 1: nginx: not found", "1.25", "x1.25.1",
                           "nginx version: other/1.25.1", "1.-2.1", "99999999999.1.1"})
    ck_assert_msg(!parse_nginx_version(none), "%s", none);
  const auto programs = [](const char* command) {
    std::string all;
    for (const std::string& program : nginx_programs(command)) all += program + " ";
    return all;
  };
  same_text(programs("nginx -t"), "nginx ");
  same_text(programs("A='x y' '/usr/sbin/nginx' -p '/tmp/p' -t -q && systemctl reload nginx"),
            "/usr/sbin/nginx nginx ");
  same_text(programs("'/opt/my nginx/nginx' -t; \"$(rm)/nginx\""), "");
  same_text(programs("true"), "");
  bool refused = false;
  try {
    find_nginx_version("newest", {});
  } catch (const WrongUsage&) {
    refused = true;
  }
  ck_assert(refused);
  ck_assert(find_nginx_version("1.25.1", {"/nowhere/nginx -t"})->has_http2_directive());
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_domains_writer", without_domains_there_is_no_block, an_http_domain_has_one_block,
                a_port_is_ipv6_too, an_https_domain_has_two_blocks, settings_of_tls_and_http2,
                one_bad_thing_leaves_the_rest, what_could_inject_is_refused, sockets_do_not_clash,
                a_mix_is_isolated_with_both_names, a_bad_certificate_keeps_the_block_before,
                a_kept_block_names_a_copy_of_what_was_good, a_copy_that_cannot_be_kept_is_told,
                a_renewed_certificate_changes_the_file, certificates_that_nginx_could_not_serve,
                certificates_that_somebody_should_look_at, versions_of_nginx);
