// Parsing of connection strings: pairs of hosts, addresses and ports as libpq
// forms them, what needs a look-up, what libpq receives, and that no error
// repeats the text.
#include "pg_testing.hpp"

using namespace tablegate;
using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

std::string value_of(const Dsn& dsn, std::size_t endpoint, const std::string& keyword) {
  const ConnectKeywords arrays = dsn.keywords(endpoint);
  ck_assert_ptr_null(arrays.keywords.back());
  ck_assert_uint_eq(arrays.keywords.size(), arrays.values.size());
  std::string found = "(none)";
  for (std::size_t i = 0; arrays.keywords[i] != nullptr; ++i) {
    if (keyword != arrays.keywords[i]) continue;
    ck_text_eq(found, "(none)");  // never twice
    found = arrays.values[i];
  }
  return found;
}

START_TEST(keywords_and_uri) {
  for (const char* text : {"host=/run/postgresql dbname=x user=u password='a b\\'c'",
                           "postgresql://u:a%20b%27c@/x?host=/run/postgresql"}) {
    const Dsn dsn = dsn_of(text);
    ck_assert_uint_eq(dsn.endpoints().size(), 1);
    ck_text_eq(value_of(dsn, 0, "host"), "/run/postgresql");
    ck_text_eq(value_of(dsn, 0, "dbname"), "x");
    ck_text_eq(value_of(dsn, 0, "user"), "u");
    ck_text_eq(value_of(dsn, 0, "password"), "a b'c");
    ck_text_eq(value_of(dsn, 0, "client_encoding"), "UTF8");
    ck_text_eq(value_of(dsn, 0, "gssencmode"), "disable");
    ck_text_eq(value_of(dsn, 0, "fallback_application_name"), "tablegate");
    ck_text_eq(value_of(dsn, 0, "port"), "(none)");
    ck_assert(!dsn.needs_resolution());
  }
}
END_TEST

START_TEST(what_is_ours_and_what_is_kept) {
  const Dsn dsn = dsn_of(
      "client_encoding=LATIN1 fallback_application_name=a connect_timeout=9 gssencmode=prefer "
      "target_session_attrs=read-write application_name=mine sslmode=require");
  ck_text_eq(value_of(dsn, 0, "client_encoding"), "UTF8");
  ck_text_eq(value_of(dsn, 0, "fallback_application_name"), "tablegate");
  ck_text_eq(value_of(dsn, 0, "connect_timeout"), "(none)");
  ck_text_eq(value_of(dsn, 0, "gssencmode"), "disable");
  ck_text_eq(value_of(dsn, 0, "target_session_attrs"), "read-write");
  ck_text_eq(value_of(dsn, 0, "application_name"), "mine");
  ck_text_eq(value_of(dsn, 0, "sslmode"), "require");
  ck_text_eq(value_of(dsn, 0, "host"), "(none)");
}
END_TEST

START_TEST(lists_are_paired) {
  const Dsn one_port = dsn_of("host=a,b,c port=7");
  ck_assert_uint_eq(one_port.endpoints().size(), 3);
  ck_text_eq(value_of(one_port, 2, "host"), "c");
  ck_text_eq(value_of(one_port, 2, "port"), "7");
  const Dsn ports = dsn_of("postgresql://a:1,b,[::1]:3/db");
  ck_assert_uint_eq(ports.endpoints().size(), 3);
  ck_text_eq(value_of(ports, 0, "port"), "1");
  ck_text_eq(value_of(ports, 1, "port"), "(none)");
  ck_text_eq(value_of(ports, 2, "host"), "::1");
  const Dsn addresses = dsn_of("host=a,b hostaddr=10.0.0.1,10.0.0.2");
  ck_text_eq(value_of(addresses, 1, "hostaddr"), "10.0.0.2");
  ck_text_eq(value_of(addresses, 1, "host"), "b");
  ck_assert(!addresses.needs_resolution());
  ck_assert_uint_eq(dsn_of("hostaddr=10.0.0.1,10.0.0.2").endpoints().size(), 2);
  ck_assert_uint_eq(dsn_of("host=a,,b").endpoints().size(), 3);
  ck_assert_uint_eq(dsn_of("").endpoints().size(), 1);
}
END_TEST

START_TEST(which_need_a_look_up) {
  const Dsn dsn = dsn_of("host=db.example,10.1.2.3,::1,/run/pg,@abstract,,fe80::1%eth0,localhost");
  const bool expected[] = {true, false, false, false, false, false, false, true};
  for (std::size_t i = 0; i < 8; ++i) ck_assert_int_eq(dsn.endpoints()[i].needs_resolution(), expected[i]);
}
END_TEST

START_TEST(resolution_multiplies_endpoints) {
  Dsn dsn = dsn_of("host=a,10.0.0.9,b port=1,2,3");
  const auto done = dsn.resolve([](const std::string& host) {
    return host == "a" ? std::vector<std::string>{"10.0.0.1", "::2"} : std::vector<std::string>{"10.0.0.3"};
  });
  ck_assert(static_cast<bool>(done));
  ck_assert_uint_eq(dsn.endpoints().size(), 4);
  ck_text_eq(value_of(dsn, 1, "host"), "a");
  ck_text_eq(value_of(dsn, 1, "hostaddr"), "::2");
  ck_text_eq(value_of(dsn, 1, "port"), "1");
  ck_text_eq(value_of(dsn, 3, "hostaddr"), "10.0.0.3");
  ck_text_eq(dsn.endpoints()[3].label(), "b (10.0.0.3):3");
  ck_assert(!dsn.needs_resolution());

  Dsn unknown = dsn_of("host=nowhere");
  const auto none = [](const std::string&) { return std::vector<std::string>(); };
  const auto failed = unknown.resolve(none);
  ck_assert(!failed);
  ck_text_eq(failed.error().where, "nowhere");
  ck_assert_uint_eq(unknown.endpoints().size(), 1);
  ck_assert(!unknown.set_addresses(0, {"not numeric"}));
  ck_assert(!unknown.set_addresses(5, {"10.0.0.1"}));
}
END_TEST

START_TEST(unknown_hosts_are_left_out) {
  const auto only_b = [](const std::string& host) {
    return host == "b" ? std::vector<std::string>{"10.0.0.3", "10.0.0.4"} : std::vector<std::string>();
  };
  Dsn dsn = dsn_of("host=a,b,c,a,/run port=1,2,3,4,5");
  const auto unknown = dsn.resolve(only_b);
  ck_assert(static_cast<bool>(unknown));
  ck_assert(*unknown == std::vector<std::string>({"a", "c"}));
  ck_assert_uint_eq(dsn.endpoints().size(), 3);
  ck_text_eq(dsn.endpoints()[0].label(), "b (10.0.0.3):2");
  ck_text_eq(dsn.endpoints()[1].label(), "b (10.0.0.4):2");
  ck_text_eq(dsn.endpoints()[2].label(), "/run:5");

  Dsn all = dsn_of("host=a,c");
  const auto failed = all.resolve(only_b);
  ck_assert(!failed);
  ck_text_eq(failed.error().where, "a");
  ck_assert_uint_eq(all.endpoints().size(), 2);
}
END_TEST

START_TEST(password_override) {
  Dsn dsn = dsn_of("user=u password=old");
  dsn.set_password("new");
  ck_text_eq(value_of(dsn, 0, "password"), "new");
  Dsn moved = std::move(dsn);
  ck_text_eq(value_of(moved, 0, "password"), "new");
  Dsn none = dsn_of("user=u");
  ck_text_eq(value_of(none, 0, "password"), "(none)");
}
END_TEST

START_TEST(refused_without_repeating_the_text) {
  for (const std::string text :
       {"password=hunter2 nonsense", "hunter2=1", "password='hunter2", "postgresql://u:hunter2@h:port:x/",
        "host=a,b port=1,2,3 password=hunter2", "host=a,b hostaddr=10.0.0.1 password=hunter2", "port=hunter2",
        "port=0", "port=65536", "hostaddr=hunter2", "service=hunter2", "gssencmode=require password=hunter2",
        "replication=database password=hunter2"}) {
    const core::Result<Dsn> dsn = parse_dsn(text);
    ck_assert_msg(!dsn, "accepted: %s", text.c_str());
    ck_assert(!dsn.error().message.empty());
    ck_assert_msg(dsn.error().text().find("hunter2") == std::string::npos, "%s", dsn.error().text().c_str());
  }
  ck_assert(!parse_dsn(std::string_view("user=a\0b", 8)));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_dsn", keywords_and_uri, what_is_ours_and_what_is_kept, lists_are_paired,
                which_need_a_look_up, resolution_multiplies_endpoints, unknown_hosts_are_left_out,
                password_override, refused_without_repeating_the_text);
