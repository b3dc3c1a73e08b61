// What is written to domains.conf and what never is.
#include "loader_domains_testing.hpp"
#include "node/nginx_version.hpp"

using namespace tablegate::loader;
using namespace tablegate::loader::testing::domains;
using tablegate::loader::testing::same_text;

namespace {

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
  contents.domains[0].port = 444;
  has(written(contents), "return 308 https://$host:444$request_uri;");
  contents.domains[0].port = 443;
  contents.https_listen = {"8443"};
  has(written(contents), "return 308 https://$host$request_uri;");
}
END_TEST

START_TEST(origins_of_web_pages) {
  good_certificate();
  DomainDefinition entry = domain("api.example.com", "HTTPS");
  entry.cors_origins = {"https://app.example", "http://localhost:3000"};
  const std::string text = written(gateway({entry, domain("other.example.com")}));
  const std::string line = "    tablegate_cors https://app.example http://localhost:3000;\n";
  const size_t first = text.find(line);
  ck_assert_uint_ne(first, std::string::npos);
  ck_assert_uint_ne(text.find(line, first + 1), std::string::npos);
  ck_assert_uint_eq(text.find(line, text.find("begin domain other.example.com")), std::string::npos);
  for (const char* origin :
       {"https://a.example; injected", "https://a.example\ninjected", "https://$host", "off", ""}) {
    entry.cors_origins = {"https://app.example", origin};
    has(refusal(gateway({entry})), "item 2 of its cors/origins");
  }
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
                origins_of_web_pages, one_bad_thing_leaves_the_rest, what_could_inject_is_refused,
                sockets_do_not_clash, a_mix_is_isolated_with_both_names, versions_of_nginx);
