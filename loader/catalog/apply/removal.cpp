#include "catalog/apply/removal.hpp"

#include <fmt/format.h>

#include "catalog/apply/ownership.hpp"
#include "catalog/credentials/consumers.hpp"
#include "catalog/life/version_reads.hpp"
#include "catalog/near_object.hpp"
#include "catalog/row_lock.hpp"

namespace tablegate::loader {
namespace {

class Remover {
 public:
  Remover(Database& catalog, const Workspace& workspace, Kind kind, const std::string& name,
          const std::string& version)
      : catalog_(catalog), workspace_(workspace), kind_(kind), name_(name), version_(version) {}

  void run() {
    switch (kind_) {
      case Kind::domain:
        return domain();
      case Kind::gateway_instance:
        return gateway();
      case Kind::rest_api:
        return rest_api();
      case Kind::business_process:
        return business_process();
      case Kind::data_source:
        return data_source();
      case Kind::table:
        return table();
      case Kind::api:
        return api();
      case Kind::consumer:
        return delete_consumer(catalog_, find_consumer(catalog_, name_));
    }
  }

 private:
  // The key of the row to delete; refused where there is none.
  std::string find(const std::string& sql, const std::vector<Parameter>& parameters) {
    const Rows rows = catalog_.query(sql, parameters);
    if (!rows.empty()) return rows.string(0, 0);
    const bool own = kind_ == Kind::business_process || kind_ == Kind::api || kind_ == Kind::data_source;
    throw Refused(missing_object(catalog_, kind_, name_, own ? &workspace_ : nullptr),
                  Hint::command({"get", kind_info(kind_).name}));
  }

  // Refuses what another workspace owns. `table`: the object's in the catalog, `id`: the value of its key
  // column.
  void check_owner(const char* table, const char* key, const std::string& id) {
    const Rows rows = catalog_.query(
        fmt::format("SELECT w.workspace_id, w.name, o.shared FROM tablegate.{} o JOIN tablegate.workspace w "
                    "USING (workspace_id) WHERE o.{}::text = $1",
                    table, key),
        {id});
    if (!rows.empty())
      require_own(workspace_, read_owner(rows, 0, 0),
                  fmt::format("{} \"{}\"", kind_info(kind_).label, name_));
  }

  // Refuses when the statement finds names.
  void refuse_used(const std::string& how, const std::string& sql, const std::vector<Parameter>& parameters,
                   const Hint& next) {
    refuse_names(how, first_column(catalog_.query(sql, parameters)), next);
  }
  void refuse_names(const std::string& how, const std::vector<std::string>& names, const Hint& next) {
    if (names.empty()) return;
    throw Refused(fmt::format("{} \"{}\" {} {}", kind_info(kind_).label, name_, how, name_list(names)), next);
  }

  void domain() {
    find("SELECT name FROM tablegate.domain WHERE name = $1", {name_});
    check_owner("domain", "name", name_);
    refuse_used("is the domain of published APIs of REST API",
                "SELECT DISTINCT r.name FROM tablegate.rest_api_domain d JOIN tablegate.rest_api r USING "
                "(rest_api_id)"
                " JOIN tablegate.business_process b USING (rest_api_id) JOIN tablegate.api a USING "
                "(business_process_id)"
                " JOIN tablegate.published_api p ON p.api_id = a.api_id AND p.gateway = d.gateway WHERE "
                "d.domain = $1 ORDER BY 1",
                {name_}, Hint::command({"api", "list"}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('domain', json_build_array(json_build_object('name', "
        "$1::text)))",
        {name_});
  }

  void gateway() {
    find("SELECT name FROM tablegate.gateway_instance WHERE name = $1", {name_});
    check_owner("gateway_instance", "name", name_);
    refuse_used("serves API",
                "SELECT a.name FROM tablegate.published_api p JOIN tablegate.api a USING (api_id) WHERE "
                "p.gateway = $1 ORDER BY 1",
                {name_}, Hint::command({"api", "list", "--gateway", name_}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('gateway_instance', "
        "json_build_array(json_build_object('name', $1::text)))",
        {name_});
  }

  void rest_api() {
    const std::string id = find_rest_api(catalog_, name_, version_);
    check_owner("rest_api", "rest_api_id", id);
    refuse_used("is the REST API of business process",
                "SELECT name FROM tablegate.business_process WHERE rest_api_id = $1 ORDER BY 1", {id},
                Hint::command({"get", "businessprocesses"}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('rest_api', "
        "json_build_array(json_build_object('rest_api_id', $1::text)))",
        {id});
  }

  void business_process() {
    const std::string id = find(
        "SELECT business_process_id FROM tablegate.business_process WHERE workspace_id = $1 AND name = $2",
        {workspace_.id, name_});
    refuse_used("holds API", "SELECT name FROM tablegate.api WHERE business_process_id = $1 ORDER BY 1", {id},
                Hint::command({"api", "list"}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('business_process', "
        "json_build_array(json_build_object('business_process_id', $1::text)))",
        {id});
  }

  void data_source() {
    const std::string id =
        find("SELECT data_source_id FROM tablegate.data_source WHERE workspace_id = $1 AND name = $2",
             {workspace_.id, name_});
    refuse_used("is the source of table",
                "SELECT name FROM tablegate.mirror_table WHERE data_source_id = $1 ORDER BY 1", {id},
                Hint::command({"get", "tables"}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('data_source', "
        "json_build_array(json_build_object('data_source_id', $1::text)))",
        {id});
  }

  void table() {
    find("SELECT name FROM tablegate.mirror_table WHERE name = $1", {name_});
    check_owner("mirror_table", "name", name_);
    refuse_used("is read by API", "SELECT name FROM tablegate.api WHERE table_names @> ARRAY[$1] ORDER BY 1",
                {name_}, Hint::command({"api", "list"}));
    refuse_names("is read by the published version of API", published_readers(catalog_, name_),
                 Hint::command({"api", "list"}));
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('mirror_table', "
        "json_build_array(json_build_object('name', $1::text)))",
        {name_});
  }

  void api() {
    const std::string id =
        find("SELECT api_id FROM tablegate.api WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL",
             {workspace_.id, name_});
    const std::vector<std::string> gateways = first_column(
        catalog_.query("SELECT gateway FROM tablegate.published_api WHERE api_id = $1 ORDER BY 1", {id}));
    if (!gateways.empty()) {
      refuse_names("is published on", gateways,
                   Hint::command({"api", "unpublish", name_, "--gateway", gateways.front()}));
    }
    if (catalog_.query("SELECT FROM tablegate.api_version WHERE api_id = $1", {id}).empty()) {
      catalog_.query(
          "SELECT FROM tablegate.delete_as_developer('api', json_build_array(json_build_object('api_id', "
          "$1::text)))",
          {id});
      return;
    }
    catalog_.query(
        "SELECT FROM tablegate.delete_as_developer('api_test', json_build_array(json_build_object('api_id', "
        "$1::text)))",
        {id});
    catalog_.query(
        "UPDATE tablegate.api SET deleted_at = now(), business_process_id = NULL, table_name = NULL, "
        "script_tables = NULL WHERE "
        "api_id = $1",
        {id});
  }

  Database& catalog_;
  const Workspace& workspace_;
  Kind kind_;
  const std::string& name_;
  const std::string& version_;
};

}  // namespace

void delete_definition(Database& catalog, const Workspace& workspace, Kind kind, const std::string& name,
                       const std::string& version) {
  Transaction transaction(catalog);
  lock_catalog(catalog);
  Remover(catalog, workspace, kind, name, version).run();
  transaction.commit();
}

}  // namespace tablegate::loader
