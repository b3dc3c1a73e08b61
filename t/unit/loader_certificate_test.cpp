// Certificates as nginx would read them, and what domains.conf keeps of one that became bad.
#include "loader_domains_testing.hpp"
#include "node/certificate.hpp"

using namespace tablegate::loader;
using namespace tablegate::loader::testing::domains;
using tablegate::loader::testing::same_text;

namespace {

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

}  // namespace

TABLEGATE_SUITE("loader_certificate", a_bad_certificate_keeps_the_block_before,
                a_kept_block_names_a_copy_of_what_was_good, a_copy_that_cannot_be_kept_is_told,
                a_renewed_certificate_changes_the_file, certificates_that_nginx_could_not_serve,
                certificates_that_somebody_should_look_at);
