#include "model/definition_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/refusal.hpp"
#include "model/api_rules.hpp"
#include "model/consumer_rules.hpp"
#include "model/listen_address.hpp"
#include "model/name_rules.hpp"
#include "model/schedule.hpp"
#include "model/source_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxDescription = 2000;
constexpr size_t kMaxDdl = size_t{1} << 20;

// Adds reasons to one definition and marks it.
class Checker {
 public:
  Checker(Definition& definition, Problems& problems) : definition_(definition), problems_(problems) {}

  void refuse(const std::string& pointer, const std::string& reason) {
    if (reason.empty()) return;
    definition_.broken = true;
    problems_.add(definition_.place, pointer, reason);
  }
  // Applies a rule to a member where it stands.
  void member(const char* name, std::string (*rule)(std::string_view)) {
    if (const JsonValue* const value = json_find(definition_.document, name)) {
      refuse(pointer_token(std::string_view(name)), rule(json_string(*value)));
    }
  }
  bool has(const char* name) const { return json_find(definition_.document, name) != nullptr; }
  bool is_true(const char* name) const {
    const JsonValue* const value = json_find(definition_.document, name);
    return value != nullptr && value->IsTrue();
  }

 private:
  Definition& definition_;
  Problems& problems_;
};

void check_domain(Definition& definition, Checker& check) {
  check.member("name", &bad_host);
  check.member("certificate", &bad_node_path);
  check.member("certificate_key", &bad_node_path);
  if (json_member(definition.document, "protocol", "HTTP") == "HTTPS") {
    for (const char* const name : {"certificate", "certificate_key"}) {
      if (!check.has(name))
        check.refuse("", fmt::format("\"{}\" is missing: protocol HTTPS requires it", name));
    }
  } else {
    if (check.is_true("force_https")) check.refuse("/force_https", "requires protocol HTTPS");
    if (check.has("certificate")) check.refuse("/certificate", "requires protocol HTTPS");
  }
  if (json_member(definition.document, "tls_min", "TLSv1.2") >
      json_member(definition.document, "tls_max", "TLSv1.3")) {
    check.refuse("/tls_min", "is above tls_max");
  }
}

void check_listen(const Definition& definition, const char* name, Checker& check) {
  const JsonValue* const list = json_find(definition.document, name);
  if (list == nullptr) return;
  for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
    check.refuse(pointer_token(std::string_view(name)) + pointer_token(size_t{i}),
                 bad_listen(json_string((*list)[i])));
  }
}

void check_gateway(const Definition& definition, Checker& check) {
  check.member("name", &bad_plain_name);
  check.member("address", &bad_base_url);
  check_listen(definition, "http_listen", check);
  check_listen(definition, "https_listen", check);
  check.refuse("", listen_clash(listen_of(definition.document, "http_listen"),
                                listen_of(definition.document, "https_listen")));
  const JsonValue* const services = json_find(definition.document, "services");
  if (services == nullptr) return;
  if (json_find(*services, "default") == nullptr) {
    check.refuse("/services", "\"default\" is missing: this service always exists");
  }
  for (const auto& service : services->GetObject()) {
    const std::string here = "/services" + pointer_token(json_string(service.name));
    check.refuse(here, bad_plain_name(json_string(service.name)));
    for (rapidjson::SizeType i = 0; i < service.value.Size(); ++i) {
      check.refuse(here + pointer_token(size_t{i}), bad_plain_name(json_string(service.value[i])));
    }
  }
}

void check_versioning(const JsonValue& versioning, Checker& check) {
  const std::string scheme = json_member(versioning, "scheme");
  const std::string name = json_member(versioning, "name");
  const auto wanted = [&](const char* field, const std::string& reason) {
    if (json_find(versioning, field) == nullptr)
      return check.refuse("/versioning",
                          fmt::format("\"{}\" is missing: scheme {} requires it", field, scheme));
    check.refuse(pointer_token("versioning") + pointer_token(std::string_view(field)), reason);
  };
  if (scheme == "none") {
    for (const char* const field : {"name", "version"}) {
      if (json_find(versioning, field) != nullptr)
        check.refuse(fmt::format("/versioning/{}", field), "requires scheme path, header or query");
    }
    return;
  }
  wanted("version", bad_plain_name(json_member(versioning, "version")));
  if (scheme == "header") wanted("name", bad_version_header(name));
  if (scheme == "query") wanted("name", bad_parameter_name(name));
}

void check_rest_api(const Definition& definition, Checker& check) {
  check.member("name", &bad_plain_name);
  std::vector<std::string> none;
  check.refuse("/base_path", bad_path(json_member(definition.document, "base_path"), false, none));
  const JsonValue* const versioning = json_find(definition.document, "versioning");
  if (versioning != nullptr) check_versioning(*versioning, check);
}

void check_refresh(const Definition& definition, Checker& check) {
  const JsonValue* const refresh = json_find(definition.document, "refresh");
  if (refresh == nullptr) return;
  const std::string text =
      refresh->IsString() ? std::string(json_string(*refresh)) : json_member(*refresh, "schedule");
  std::string fault;
  if (!Schedule::parse(text, fault))
    check.refuse(refresh->IsString() ? "/refresh" : "/refresh/schedule", fault);
}

// "*", or NAME=VALUE of the first keys: which keys there are, the source tells when it is loaded.
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

void check_partition(const Definition& definition, Checker& check) {
  const JsonValue* const partition = json_find(definition.document, "partition");
  if (partition == nullptr) return;
  if (partition->IsString())
    return check.refuse("/partition", bad_partition(std::string(json_string(*partition))));
  for (rapidjson::SizeType i = 0; i < partition->Size(); ++i) {
    const std::string text(json_string((*partition)[i]));
    std::string reason = bad_partition(text);
    if (text == "*" && partition->Size() > 1) reason = "must be the only item";
    check.refuse("/partition" + pointer_token(size_t{i}), reason);
  }
}

void check_table(const Definition& definition, Checker& check) {
  check_refresh(definition, check);
  check_partition(definition, check);
  check.member("name", &bad_table_name);
  if (const JsonValue* const source = json_find(definition.document, "source_table")) {
    check.refuse("/source_table", bad_text(json_string(*source), 200));
  }
  if (check.has("ddl") && check.has("ddl_file"))
    check.refuse("/ddl_file", "excludes \"ddl\": write only one of them");
}

// Names of an array at `pointer` that must be columns of the table which an index can hold.
void check_key_columns(const JsonValue& names, const std::string& pointer, const TableInfo& table,
                       Checker& check) {
  std::set<std::string> seen;
  for (rapidjson::SizeType i = 0; i < names.Size(); ++i) {
    const std::string name(json_string(names[i]));
    const std::string here = pointer + pointer_token(size_t{i});
    const TableColumn* const column = table.find(name);
    if (column == nullptr) {
      check.refuse(here, fmt::format("the ddl has no column \"{}\"", name));
    } else if (column->type == core::ColumnType::json) {
      check.refuse(here, fmt::format("column \"{}\" is json, which PostgreSQL cannot index", name));
    } else if (!seen.insert(name).second) {
      check.refuse(here, fmt::format("\"{}\" is repeated", name));
    }
  }
}

// Puts the text of `ddl_file` where `ddl` would stand.
void fold_ddl_file(Definition& definition, Checker& check) {
  namespace fs = std::filesystem;
  const std::string name = json_member(definition.document, "ddl_file");
  if (name.empty()) return;
  fs::path path(name);
  if (path.is_relative() && definition.place.file != "standard input") {
    path = fs::path(definition.place.file).parent_path() / path;
  }
  try {
    const std::string text = read_file(path.string(), kMaxDdl);
    JsonDocument& document = definition.document;
    JsonValue value(text.c_str(), static_cast<rapidjson::SizeType>(text.size()), document.GetAllocator());
    document.RemoveMember("ddl_file");
    document.AddMember("ddl", value, document.GetAllocator());
  } catch (const SystemFailure& failure) {  // as every file that cannot be read
    throw SystemFailure(fmt::format("{} {}/ddl_file: {}; nothing was saved", definition.place.file,
                                    definition.place.pointer, failure.what()),
                        failure.next());
  } catch (const Refused& refused) {
    check.refuse("/ddl_file", refused.what());
  }
}

}  // namespace

const TableColumn* TableInfo::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const TableColumn& one) { return one.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

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
      if (!check_api_shape(definition, problems)) definition.broken = true;
      return;
    case Kind::consumer:
      return check_consumer(definition, [&check](const std::string& pointer, const std::string& reason) {
        check.refuse(pointer, reason);
      });
  }
}

TableInfo read_table(Definition& definition, Problems& problems) {
  Checker check(definition, problems);
  TableInfo table;
  table.name = definition.name;
  const char* const field = check.has("ddl_file") ? "/ddl_file" : "/ddl";
  fold_ddl_file(definition, check);
  if (definition.broken) return table;
  const JsonValue& document = definition.document;
  try {
    TableDdl ddl = parse_ddl(json_member(document, "ddl"));
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
  if (const JsonValue* const key = json_find(document, "primary_key")) {
    check_key_columns(*key, "/primary_key", table, check);
    table.primary_key = read_names(json_text(*key));
  }
  if (const JsonValue* const indexes = json_find(document, "indexes")) {
    for (rapidjson::SizeType i = 0; i < indexes->Size(); ++i) {
      check_key_columns((*indexes)[i], "/indexes" + pointer_token(size_t{i}), table, check);
    }
  }
  table.time_zone = json_member(document, "time_zone", "UTC");
  return table;
}

std::vector<std::string> listen_of(const JsonValue& gateway, const char* name) {
  const JsonValue* const list = json_find(gateway, name);
  if (list != nullptr) return read_names(json_text(*list));
  return {std::string_view(name) == "https_listen" ? "443" : "80"};
}

std::string columns_text(const std::vector<TableColumn>& columns) {
  JsonDocument list(rapidjson::kArrayType);
  auto& allocator = list.GetAllocator();
  const auto text = [&](std::string_view value) {
    return JsonValue(value.data(), static_cast<rapidjson::SizeType>(value.size()), allocator);
  };
  for (const TableColumn& column : columns) {
    JsonValue item(rapidjson::kObjectType);
    item.AddMember("name", text(column.name), allocator);
    item.AddMember("type", text(core::column_type_name(column.type)), allocator);
    item.AddMember("sql_type", text(column.sql_type), allocator);
    item.AddMember("not_null", column.not_null, allocator);
    list.PushBack(item, allocator);
  }
  return json_text(list);
}

std::vector<TableColumn> read_columns(const std::string& text) {
  JsonDocument list;
  if (!parse_json(text, list).empty() || !list.IsArray())
    throw SystemFailure("the catalog's columns cannot be read");
  std::vector<TableColumn> columns;
  for (const JsonValue& item : list.GetArray()) {
    TableColumn column;
    column.name = json_member(item, "name");
    column.type = core::parse_column_type(json_member(item, "type")).value_or(core::ColumnType::text);
    column.sql_type = json_member(item, "sql_type");
    const JsonValue* const not_null = json_find(item, "not_null");
    column.not_null = not_null != nullptr && not_null->IsTrue();
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string names_text(const std::vector<std::string>& names) {
  JsonDocument list(rapidjson::kArrayType);
  for (const std::string& name : names) {
    list.PushBack(JsonValue(name.c_str(), static_cast<rapidjson::SizeType>(name.size()), list.GetAllocator()),
                  list.GetAllocator());
  }
  return json_text(list);
}

std::vector<std::string> read_names(const std::string& text) {
  JsonDocument list;
  std::vector<std::string> names;
  if (!parse_json(text, list).empty() || !list.IsArray()) return names;
  for (const JsonValue& item : list.GetArray()) {
    if (item.IsString()) names.emplace_back(json_string(item));
  }
  return names;
}

}  // namespace tablegate::loader
