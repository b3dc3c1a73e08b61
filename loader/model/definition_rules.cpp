#include "model/definition_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "core/text/origin.hpp"
#include "model/api_rules.hpp"
#include "model/consumer_rules.hpp"
#include "model/definition_files.hpp"
#include "model/gateway_definition.hpp"
#include "model/listen_address.hpp"
#include "model/name_rules.hpp"
#include "model/schedule.hpp"
#include "model/source_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxDescription = 2000;
constexpr size_t kMaxDdlFile = size_t{1} << 20;
constexpr size_t kMaxScript = size_t{64} << 10;  // as script/script.hpp has it

// Adds reasons to one definition and marks it.
class Checker {
 public:
  Checker(Definition& definition, Problems& problems) : definition_(definition), problems_(problems) {}

  void refuse(const std::string& pointer, const std::string& reason) {
    if (reason.empty()) return;
    definition_.broken = true;
    problems_.add(definition_.place, pointer, reason);
  }
  // Applies a rule to a member in its place.
  void member(const char* name, std::string (*rule)(std::string_view)) {
    if (const JsonValue* const value = json_find(definition_.document, name)) {
      refuse(pointer_token(std::string_view(name)), rule(json_string(*value)));
    }
  }
  bool has(const char* name) const { return json_find(definition_.document, name) != nullptr; }

 private:
  Definition& definition_;
  Problems& problems_;
};

void check_domain(Definition& definition, Checker& check) {
  check.member("name", &bad_host);
  check.member("certificate", &bad_node_path);
  check.member("certificate_key", &bad_node_path);
  const DomainDefinition domain = read_domain_definition(definition.document);
  if (domain.protocol == "HTTPS") {
    for (const char* const name : {"certificate", "certificate_key"}) {
      if (!check.has(name))
        check.refuse("", fmt::format("\"{}\" is missing: protocol HTTPS requires it", name));
    }
  } else {
    if (domain.force_https) check.refuse("/force_https", "requires protocol HTTPS");
    if (check.has("certificate")) check.refuse("/certificate", "requires protocol HTTPS");
  }
  if (domain.tls_min > domain.tls_max) check.refuse("/tls_min", "is above tls_max");
  if (const auto fault = core::find_origin_fault({domain.cors_origins.begin(), domain.cors_origins.end()}))
    check.refuse("/cors/origins" + pointer_token(fault->place), fault->reason);
  if (check.has("cors") && !domain.server_block) {
    check.refuse("/cors",
                 "requires a generated server block; in a server block of your own, write tablegate_cors");
  }
}

void check_listen(const std::vector<std::string>& list, const std::string& pointer, Checker& check) {
  for (size_t i = 0; i < list.size(); ++i) check.refuse(pointer + pointer_token(i), bad_listen(list[i]));
}

void check_gateway(const Definition& definition, Checker& check) {
  check.member("name", &bad_plain_name);
  check.member("address", &bad_base_url);
  const GatewayDefinition gateway = read_gateway_definition(definition.document);
  check_listen(gateway.http_listen, "/http_listen", check);
  check_listen(gateway.https_listen, "/https_listen", check);
  check.refuse("", listen_clash(gateway.http_listen, gateway.https_listen));
  if (!gateway.has_service(kDefaultService)) {
    check.refuse("/services", fmt::format("\"{}\" is missing: this service always exists", kDefaultService));
  }
  for (const auto& [service, groups] : gateway.services) {
    const std::string here = "/services" + pointer_token(std::string_view(service));
    check.refuse(here, bad_plain_name(service));
    for (size_t i = 0; i < groups.size(); ++i)
      check.refuse(here + pointer_token(i), bad_plain_name(groups[i]));
  }
}

void check_versioning(const JsonValue& written, const Versioning& versioning, Checker& check) {
  const std::string& scheme = versioning.scheme;
  const auto required = [&](const char* field, const std::string& reason) {
    if (json_find(written, field) == nullptr)
      return check.refuse("/versioning",
                          fmt::format("\"{}\" is missing: scheme {} requires it", field, scheme));
    check.refuse(pointer_token("versioning") + pointer_token(std::string_view(field)), reason);
  };
  if (scheme == Versioning().scheme) {
    for (const char* const field : {"name", "version"}) {
      if (json_find(written, field) != nullptr)
        check.refuse(fmt::format("/versioning/{}", field), "requires scheme path, header or query");
    }
    return;
  }
  required("version", bad_plain_name(versioning.version));
  if (scheme == "header") required("name", bad_version_header(versioning.name));
  if (scheme == "query") required("name", bad_parameter_name(versioning.name));
}

void check_rest_api(const Definition& definition, Checker& check) {
  check.member("name", &bad_plain_name);
  const RestApiDefinition rest_api = read_rest_api_definition(definition.document);
  std::vector<std::string> none;
  check.refuse("/base_path", bad_path(rest_api.base_path, false, none));
  const JsonValue* const written = json_find(definition.document, "versioning");
  if (written != nullptr) check_versioning(*written, rest_api.versioning, check);
}

// A load takes the source's time and makes a generation: more often than this is a mistake.
constexpr int64_t kLeastRefresh = 10;  // seconds

void check_refresh(const Refresh& refresh, Checker& check) {
  std::string fault;
  const std::optional<Schedule> schedule = Schedule::parse(refresh.schedule, fault);
  if (schedule && schedule->interval() > 0 && schedule->interval() < kLeastRefresh)
    fault = fmt::format("is an interval of {} s, the shortest is {}s", schedule->interval(), kLeastRefresh);
  if (!fault.empty()) check.refuse(refresh.plain ? "/refresh" : "/refresh/schedule", fault);
}

// "*", or NAME=VALUE of the first keys. Which keys there are is known when the source is loaded.
std::string bad_partition(const std::string& text) {
  if (text == "*") return {};
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find_first_of(",/", at), text.size());
    const size_t equals = text.find('=', at);
    if (equals == at || equals >= end || equals + 1 == end) return "is * or NAME=VALUE[,NAME=VALUE]";
    at = end + 1;
  }
  return {};
}

void check_partitions(const TableDefinition& table, Checker& check) {
  for (size_t i = 0; i < table.partitions.size(); ++i) {
    const std::string& text = table.partitions[i];
    std::string reason = bad_partition(text);
    if (text == "*" && table.partitions.size() > 1) reason = "must be the only item";
    check.refuse(table.partitions_listed ? "/partition" + pointer_token(i) : "/partition", reason);
  }
}

void check_table(const Definition& definition, Checker& check) {
  const TableDefinition table = read_table_definition(definition.document);
  if (table.refresh) check_refresh(*table.refresh, check);
  check_partitions(table, check);
  check.member("name", &bad_table_name);
  if (table.source_table_given) check.refuse("/source_table", bad_text(table.source_table, 200));
  if (table.ddl && table.ddl_file) check.refuse("/ddl_file", "excludes \"ddl\": write only one of them");
}

// Names of an array at `pointer` that must be columns of the table which an index can hold.
void check_key_columns(const std::vector<std::string>& names, const std::string& pointer,
                       const TableInfo& table, Checker& check) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const std::string here = pointer + pointer_token(i);
    const TableColumn* const column = table.find(name);
    if (column == nullptr) {
      check.refuse(here, fmt::format("the ddl has no column \"{}\"{}", name,
                                     did_you_mean(name, column_names(table.columns))));
    } else if (column->type == core::ColumnType::json) {
      check.refuse(here, fmt::format("column \"{}\" is json, which PostgreSQL cannot index", name));
    } else if (!seen.insert(name).second) {
      check.refuse(here, fmt::format("\"{}\" is repeated", name));
    }
  }
}

// Puts the text of `ddl_file` where `ddl` would stand.
void fold_ddl_file(Definition& definition, Checker& check) {
  if (read_table_definition(definition.document).ddl_file.value_or("").empty()) return;
  check.refuse("/ddl_file", fold_file(definition, "ddl_file", "ddl", kMaxDdlFile, FilePlace::any));
}

// Puts the text of `sql_file` where `sql` would be. The catalog keeps no name of a file.
void fold_sql_file(Definition& definition, Checker& check) {
  const ApiDefinition api = read_api_definition(definition.document);
  if (!api.is_script() || !api.sql_file || api.sql) return;
  check.refuse("/sql_file", fold_file(definition, "sql_file", "sql", kMaxScript, FilePlace::below));
  definition.sql_file = *api.sql_file;
}

}  // namespace

void check_rules(Definition& definition, Problems& problems) {
  Checker check(definition, problems);
  if (const JsonValue* const text = json_find(definition.document, "description")) {
    if (count_characters(json_string(*text)) > kMaxDescription) {
      check.refuse("/description", fmt::format("must be at most {} characters long", kMaxDescription));
    }
  }
  switch (definition.kind) {
    case Kind::domain:
      return check_domain(definition, check);
    case Kind::gateway_instance:
      return check_gateway(definition, check);
    case Kind::rest_api:
      return check_rest_api(definition, check);
    case Kind::data_source:
      check.member("name", &bad_plain_name);
      for (const auto& [pointer, reason] : data_source_faults(definition.document))
        check.refuse(pointer, reason);
      return;
    case Kind::business_process:
      return check.member("name", &bad_display_name);
    case Kind::table:
      return check_table(definition, check);
    case Kind::api:
      fold_sql_file(definition, check);
      if (definition.broken) return;
      if (!check_api_shape(read_api_definition(definition.document), definition.place, problems))
        definition.broken = true;
      return;
    case Kind::consumer:
      return check_consumer(definition, [&check](const std::string& pointer, const std::string& reason) {
        check.refuse(pointer, reason);
      });
  }
}

std::string make_path_absolute(Definition& definition) {
  if (definition.kind != Kind::data_source || definition.broken) return {};
  const std::string path = read_data_source_definition(definition.document).path;
  if (path.empty() || path == "-" || path.front() == '/') return {};
  std::error_code failed;
  const std::string whole =
      std::filesystem::absolute(beside_definition(definition, path), failed).lexically_normal().string();
  if (failed) throw SystemFailure("the current folder cannot be found: " + failed.message());
  JsonDocument& document = definition.document;
  document["path"].SetString(whole.c_str(), static_cast<rapidjson::SizeType>(whole.size()),
                             document.GetAllocator());
  return fmt::format("path \"{}\" is saved as {}", path, whole);
}

void set_ddl(Definition& definition, const std::string& text) {
  set_text(definition, "ddl", text);
}

TableInfo read_table(Definition& definition, const std::string& source_type, Problems& problems) {
  Checker check(definition, problems);
  TableInfo table;
  table.name = definition.name;
  const bool in_file = read_table_definition(definition.document).ddl_file.has_value();
  const char* const field = in_file ? "/ddl_file" : "/ddl";
  fold_ddl_file(definition, check);
  if (definition.broken) return table;
  const TableDefinition written = read_table_definition(definition.document);
  try {
    TableDdl ddl = parse_ddl(written.ddl.value_or(""));
    table.columns = std::move(ddl.columns);
    table.primary_key = std::move(ddl.primary_key);
  } catch (const Refused& refused) {
    check.refuse(field, refused.what());
    return table;
  }
  for (const TableColumn& column : table.columns) {
    if (column.name.size() > 63)
      check.refuse(field, fmt::format("column \"{}\" is longer than 63 bytes", column.name));
  }
  if (written.primary_key) {
    check_key_columns(*written.primary_key, "/primary_key", table, check);
    table.primary_key = *written.primary_key;
  }
  for (size_t i = 0; i < written.indexes.size(); ++i)
    check_key_columns(written.indexes[i], "/indexes" + pointer_token(i), table, check);
  table.time_zone = written.zone(source_type);
  return table;
}

}  // namespace tablegate::loader
