// The output of nginx -T as the loader reads it, and what generated listen
// lines mean for the server blocks in it.

#include "node/nginx_config.hpp"

#include <string>

#include "node/listen_effects.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

const char* const kDump =
    "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
    "# configuration file /etc/nginx/nginx.conf:\n"
    "user www-data;\n"
    "events { worker_connections 768; }\n"
    "http { # server { listen 1; }\n"
    "  include mime.types; include conf.d/*.conf;\n"
    "  include /etc/nginx/sites-enabled/*;\n"
    "  log_format a '{ $request; }' \"say \\\"x\\\"\";\n"
    "  content_by_lua_block { local a = \"{}\" }\n"
    "}\n"
    "stream { server { listen 443; } include streams; }\n"
    "# configuration file /etc/nginx/streams:\n"
    "server { listen 1234; }\n"
    "# configuration file /etc/nginx/mime.types:\n"
    "types { text/html html; }\n"
    "# configuration file /etc/nginx/conf.d/tablegate.conf:\n"
    "tablegate_manifest ../tg/manifest.json optional;\n"
    "tablegate_service default { dsn \"host=/run dbname=tablegate\"; password_file secret; }\n"
    "include /tg/domains.conf;\n"
    "# configuration file /tg/domains.conf:\n"
    "server { listen 443 ssl; tablegate_guest http2; server_name api.example.com; }\n"
    "# configuration file /etc/nginx/sites-enabled/corp:\n"
    "\n"
    "server {\n"
    "  listen *:443 ssl; listen [::]:443 ssl http2 default_server;\n"
    "  server_name corp.example www.corp.example;\n"
    "  location ~ \"^/a{2}$\" { if ($a) { return 200 ${b}; } }\n"
    "}\n"
    "server { server_name plain.example; }\n";

NginxServer generated(const std::string& listen, bool ssl, bool http2 = false) {
  NginxServer server;
  server.guest = true;
  server.http2 = http2;
  server.listens.push_back({listen, ssl, false, false});
  return server;
}

NginxServer corp(const std::string& listen, bool ssl, bool http2 = false) {
  NginxServer server = generated(listen, ssl);
  server.guest = false;
  server.listens[0].http2 = http2;
  server.names = {"corp.example"};
  server.file = "corp";
  server.line = 7;
  return server;
}

std::string effect(const NginxServer& ours, const NginxServer& other) {
  const ListenEffects effects = listen_effects({ours}, {}, {other, ours});
  std::string text;
  for (const std::string& note : effects.notes) text += "note " + note + "\n";
  for (const std::string& fault : effects.faults) text += "fault " + fault + "\n";
  return text;
}

void has(const std::string& text, const std::string& piece) {
  ck_assert_msg(text.find(piece) != std::string::npos, "\"%s\" is not in\n%s", piece.c_str(), text.c_str());
}

START_TEST(includes_are_followed_in_their_block) {
  const auto config = parse_nginx_dump(kDump);
  ck_assert(config.has_value());
  same_text(config->user, "www-data");
  ck_assert_uint_eq(config->servers.size(), 3);
  ck_assert(config->servers[0].guest && config->servers[0].http2);
  same_text(config->servers[1].text(), "server corp.example (/etc/nginx/sites-enabled/corp:2)");
  ck_assert_uint_eq(config->servers[1].listens.size(), 2);
  ck_assert(config->servers[1].listens[1].http2 && config->servers[1].listens[1].default_server);
  same_text(config->servers[2].listens.at(0).text, "80");
  ck_assert_uint_eq(config->services.size(), 1);
  same_text(config->services[0].dsn, "host=/run dbname=tablegate");
  same_text(config->services[0].password_file, "/etc/nginx/secret");
  same_text(config->manifests.at(0), "/etc/nginx/../tg/manifest.json");
  ck_assert(!parse_nginx_dump("nginx version: nginx/1.22.1\n").has_value());
}
END_TEST

START_TEST(endings_that_no_file_should_have) {
  for (const char* text : {"", "server", "server {", "}", "}}server { listen 1; }", "server { listen '1",
                           "a {{{{", "a\\", "server { listen 1 \\", "x_by_lua_block { {"}) {
    const auto servers = parse_nginx_servers(text, "f");
    ck_assert_uint_le(servers.size(), 1);
  }
  // A file that includes itself.
  ck_assert(parse_nginx_dump("# configuration file /a:\nhttp { include /a; }\ninclude /a;\n").has_value());
}
END_TEST

START_TEST(the_check_becomes_a_dump) {
  const auto same = [](const char* check, const char* wanted) {
    same_text(dump_command(check).value_or("none"), wanted);
  };
  same("nginx -t", "nginx -T");
  same("A='b c' '/usr/sbin/nginx' -p '/tmp/-t' -t -q", "A='b c' '/usr/sbin/nginx' -p '/tmp/-t' -T -q");
  same("sudo nginx -q -t && true", "sudo nginx -q -T && true");
  same("docker exec -t web nginx -t", "docker exec -t web nginx -T");
  same("nginx -test", "none");
  same("./check -t", "none");
  same("", "none");
  same_text(start_command("A='b c' nginx -c '/tmp/-t' -t").value_or("none"), "A='b c' nginx -c '/tmp/-t'");
  same_text(start_command("nginx -t -q").value_or("none"), "nginx -q");
  same_text(start_command("./check -t").value_or("none"), "none");
}
END_TEST

START_TEST(what_a_listen_line_means_for_others) {
  same_text(effect(generated("443", true), corp("8443", true)), "");
  same_text(effect(generated("443", true), generated("443", true)), "");
  has(effect(generated("443", true, true), corp("*:443", true)),
      "note listen 443: server corp.example (corp:7) listens there too, and receives the hosts that no block "
      "names; its ssl_protocols apply to the domains as well; it has no HTTP/2");
  has(effect(generated("443", true), corp("443", false)),
      "fault listen 443: server corp.example (corp:7) there does");
  has(effect(generated("80", false), corp("0.0.0.0:80", true)), "there uses TLS");
  has(effect(generated("127.0.0.1:443", true), corp("443", true)),
      "fault listen 127.0.0.1:443: it would take all requests to this address from server corp.example");
  has(effect(generated("[::1]:443", true), corp("[::]:443", true)), "fault listen [::1]:443: it would take");
  has(effect(generated("80", false), corp("192.0.2.1", false)),
      "note listen 80: requests to 192.0.2.1 continue");
  has(effect(generated("[::]:80", false), corp("80", false)), "so its hosts are unknown over IPv6");
  same_text(effect(generated("80", false), corp("unix:/run/x", false)), "");
}
END_TEST

START_TEST(only_new_lines_are_looked_at) {
  const NginxServer mine = generated("443", true);
  ck_assert(!has_new_listen({mine}, {mine}));
  ck_assert(has_new_listen({mine}, {}));
  ck_assert(has_new_listen({generated("443", true, true)}, {mine}));
  ck_assert(listen_effects({mine}, {mine}, {corp("443", false)}).faults.empty());
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_nginx_config", includes_are_followed_in_their_block, endings_that_no_file_should_have,
                the_check_becomes_a_dump, what_a_listen_line_means_for_others, only_new_lines_are_looked_at);
