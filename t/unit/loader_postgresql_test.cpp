// PostgreSQL as a source, without a server: accepted connection strings, the
// mapping of types, the ddl of a Table without one.
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "model/ddl.hpp"
#include "model/source_rules.hpp"
#include "source/postgresql/postgresql_catalog.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

using tablegate::loader::testing::same_text;

namespace {

START_TEST(connection_strings) {
  for (const char* dsn :
       {"host=db2 dbname=shop", "postgresql://reader@db2:5433/shop?sslmode=require", "postgres://db2/shop",
        "service=shop", "dbname='a b'", "host=h passfile=/etc/pgpass"})
    same_text(bad_source_dsn(dsn), "");
  for (const char* dsn : {"host=h password=geheim", "postgresql://u:geheim@h/db",
                          "postgresql://h/db?password=geheim", "host=h sslpassword=geheim"}) {
    const std::string reason = bad_source_dsn(dsn);
    ck_assert_msg(reason.find("password") != std::string::npos && reason.find("geheim") == std::string::npos,
                  "%s", reason.c_str());
  }
  for (const char* dsn : {"", "shop", "host=h 'password=geheim", "hosst=geheim"}) {
    same_text(bad_source_dsn(dsn),
              "is not a connection string (host=... dbname=..., or postgresql://host/dbname)");
  }
}
END_TEST

std::string type_of(const std::string& type) {
  PostgresColumn column;
  column.type = type;
  const std::optional<TableColumn> found = postgres_type(column);
  return found ? found->sql_type : "(none)";
}

START_TEST(types) {
  same_text(type_of("bigint"), "bigint");
  same_text(type_of("character varying(10)"), "text");
  same_text(type_of("character(5)"), "text");
  same_text(type_of("numeric"), "numeric");
  same_text(type_of("numeric(10,2)"), "numeric(10,2)");
  same_text(type_of("timestamp without time zone"), "timestamp(6)");
  same_text(type_of("timestamp(3) with time zone"), "timestamptz(3)");
  same_text(type_of("uuid"), "(none)");
  same_text(type_of("integer[]"), "(none)");
}
END_TEST

START_TEST(ddl_of_a_table) {
  PostgresTable table;
  table.columns = {{"Id", "bigint", false, true},
                   {"a`b", "character varying(3)", false, false},
                   {"n", "numeric(38,18)", false, false},
                   {"m", "mood", true, false},
                   {"l", "timestamp without time zone[]", false, false},
                   {"u", "uuid", false, false},
                   {"o", "ext.citext", true, false},
                   {"os", "ext.grade[]", true, false}};
  table.primary_key = {"Id"};
  const std::string ddl = postgres_ddl(table, "t");
  same_text(ddl,
            "CREATE TABLE `t` (`Id` BIGINT NOT NULL, `a``b` STRING, `n` DECIMAL(38,18), `m` STRING, `l` "
            "ARRAY<TIMESTAMP_NTZ>, `u` STRING, `o` STRING, `os` ARRAY<STRING>, PRIMARY KEY (`Id`))");
  const TableDdl read = parse_ddl(ddl);
  ck_assert_uint_eq(read.columns.size(), 8);
  same_text(read.columns[1].name, "a`b");
  ck_assert(read.primary_key == std::vector<std::string>{"id"});
  for (const auto& [type, reason] : std::vector<std::pair<std::string, std::string>>{
           {"numeric", "column \"x\" of the source is numeric, which has no type here"},
           {"point", "is point"},
           {"numeric[]", "is numeric[]"}}) {
    PostgresTable bad;
    bad.columns = {{"x", type, false, false}};
    std::string said = "(accepted)";
    try {
      postgres_ddl(bad, "t");
    } catch (const Refused& refused) {
      said = refused.what();
    }
    ck_assert_msg(said.find(reason) != std::string::npos, "%s", said.c_str());
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_postgresql", connection_strings, types, ddl_of_a_table);
