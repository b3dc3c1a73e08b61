#include "mirror/read_source_ddl.hpp"

#include <atomic>

#include "core/text/ascii.hpp"
#include "model/ddl_lexer.hpp"
#include "source/maxcompute/maxcompute_source.hpp"
#include "source/postgresql/postgresql_catalog.hpp"

namespace tablegate::loader {
namespace {

std::string ask_maxcompute(const SourceRelation& table) {
  MaxComputeProject project = project_of(table.data_source);
  MaxComputeAccount account("", project.region);
  const std::atomic<bool> never{false};
  MaxComputeHttp http(account, HttpPatience::from_environment(), never);
  return MaxComputeService(std::move(project), http).read_table(core::to_lower(table.table)).ddl();
}

std::string ask_postgres(const SourceRelation& table) {
  const PostgresRows rows{table.data_source.dsn, table.table, table.query};
  Database source = open_postgres(rows.dsn);
  return postgres_ddl(describe_postgres(source, rows), table.name);
}

}  // namespace

std::string read_source_ddl(const SourceRelation& table) {
  return table.data_source.type == "maxcompute" ? ask_maxcompute(table) : ask_postgres(table);
}

}  // namespace tablegate::loader
