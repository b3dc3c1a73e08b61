// model/allowed_sources: rules, and the sources that they allow.
#include "model/allowed_sources.hpp"

#include <cstdlib>
#include <string>

#include "base/refusal.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

DataSourceDefinition csv(const std::string& path) {
  DataSourceDefinition source;
  source.name = "files";
  source.type = "csv";
  source.path = path;
  return source;
}

DataSourceDefinition postgresql(const std::string& dsn) {
  DataSourceDefinition source;
  source.name = "shop";
  source.type = "postgresql";
  source.dsn = dsn;
  return source;
}

DataSourceDefinition maxcompute(const std::string& endpoint, const std::string& tunnel = "") {
  DataSourceDefinition source;
  source.name = "odps";
  source.type = "maxcompute";
  source.endpoint = endpoint;
  source.tunnel_endpoint = tunnel;
  return source;
}

std::string missing(const std::string& rule, const DataSourceDefinition& source) {
  try {
    return AllowedSources({rule}).missing(source);
  } catch (const Refused&) {
    return "rejected";
  }
}

START_TEST(rules_have_a_form) {
  for (const char* const bad :
       {"", "csv", "csv:", "csv:exports", "postgresql:", "postgresql:a b", "postgresql:host=x",
        "maxcompute:x", "maxcompute:https://", "sql:/x", "/srv"}) {
    bool rejected = false;
    try {
      AllowedSources({bad});
    } catch (const WrongUsage&) {
      rejected = true;
    }
    ck_assert_msg(rejected, "%s", bad);
  }
}
END_TEST

START_TEST(files) {
  const std::string rule = "csv:/srv/exports";
  for (const char* const good :
       {"/srv/exports", "/srv/exports/a.csv", "/srv/exports/*.csv", "/srv/./exports/b/../a.csv", ""})
    same_text(missing(rule, csv(good)), "");
  same_text(missing(rule, csv("/srv/exports/../secret")), "csv:/srv");
  same_text(missing(rule, csv("/srv/exports2/a.csv")), "csv:/srv/exports2");
  same_text(missing(rule, csv("/srv/*/a.csv")), "csv:/srv/*");
  ck_assert(!missing(rule, csv("-")).empty());
  ck_assert(!missing("postgresql:db", csv("/srv/exports/a.csv")).empty());
  same_text(AllowedSources({"csv:/srv/a/", rule}).root_of("/srv/exports/x"), "/srv/exports");
}
END_TEST

START_TEST(databases) {
  for (const char* const name : {"PGHOST", "PGHOSTADDR", "PGPORT"}) unsetenv(name);
  same_text(missing("postgresql:db2", postgresql("host=DB2 dbname=x")), "");
  same_text(missing("postgresql:db2", postgresql("postgresql://u@db2/x")), "");
  same_text(missing("postgresql:db2:5432", postgresql("host=db2")), "");
  same_text(missing("postgresql:[::1]:5433", postgresql("host=::1 port=5433")), "");
  same_text(missing("postgresql:::1", postgresql("postgresql://[::1]/x")), "");
  same_text(missing("postgresql:/run/postgresql", postgresql("host=/run/postgresql")), "");
  same_text(missing("postgresql:db2", postgresql("host=db2 port=5433")), "postgresql:db2:5433");
  same_text(missing("postgresql:db2", postgresql("host=evil")), "postgresql:evil:5432");
  same_text(missing("postgresql:db2", postgresql("host=db2,evil")), "postgresql:evil:5432");
  same_text(missing("postgresql:db2", postgresql("host=db2,db2 port=5432,5433")), "postgresql:db2:5433");
  // libpq connects to hostaddr, whatever the host is called.
  same_text(missing("postgresql:db2", postgresql("host=db2 hostaddr=10.9.9.9")), "postgresql:10.9.9.9:5432");
  for (const char* const hidden : {"dbname=x", "service=evil", "host=db2 service=evil", "host=db2,",
                                   "host=db2 passfile=/etc/shadow", "host=db2 sslkey=/etc/key"})
    same_text(missing("postgresql:db2", postgresql(hidden)), "rejected");
}
END_TEST

START_TEST(services) {
  const std::string rule = "maxcompute:https://service.cn.example/api";
  same_text(missing(rule, maxcompute("https://SERVICE.cn.example/api")), "");
  same_text(missing("maxcompute:https://service.cn.example", maxcompute("https://service.cn.example/api")),
            "");
  for (const char* const other :
       {"http://service.cn.example/api", "https://service.cn.example.evil/api",
        "https://service.cn.example/apix", "https://service.cn.example/api/../x",
        "https://service.cn.example:8443/api", "https://evil/service.cn.example/api"})
    same_text(missing(rule, maxcompute(other)), "maxcompute:" + std::string(other));
  same_text(missing(rule, maxcompute("https://service.cn.example/api", "https://evil")),
            "maxcompute:https://evil");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_allowed_sources", rules_have_a_form, files, databases, services);
