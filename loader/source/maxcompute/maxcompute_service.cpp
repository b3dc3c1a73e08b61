#include "source/maxcompute/maxcompute_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "base/json_text.hpp"
#include "core/text/ascii.hpp"
#include "core/text/base64.hpp"
#include "core/text/http_date.hpp"
#include "model/ddl_lexer.hpp"
#include "source/partition_text.hpp"

namespace tablegate::loader {
namespace {

[[noreturn]] void refuse_answer(const std::string& what) {
  throw SystemFailure(fmt::format("MaxCompute's answer cannot be read: {}", what));
}

JsonDocument parse_answer(const std::string& text, const char* what) {
  JsonDocument document;
  if (!parse_json(text, document).empty() || !document.IsObject()) refuse_answer(what);
  return document;
}

pugi::xml_document parse_xml(const std::string& text, const char* what) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) refuse_answer(what);
  return document;
}

// A boolean, or its word.
bool is_false(const JsonValue& object, const char* name) {
  const JsonValue* const value = json_find(object, name);
  return value != nullptr && (value->IsFalse() || (value->IsString() && json_string(*value) == "false"));
}

std::string quoted(const std::string& text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (quote == '`' && c == '`') result += '`';
    if (quote == '\'' && (c == '\'' || c == '\\')) result += '\\';
    result += c;
  }
  return result + quote;
}

std::string column_list(const std::vector<SourceColumn>& columns) {
  std::string list;
  for (const SourceColumn& column : columns) {
    list += fmt::format("{}{} {}{}", list.empty() ? "" : ", ", quoted(column.name, '`'), column.type,
                        column.not_null ? " NOT NULL" : "");
    if (!column.comment.empty()) list += " COMMENT " + quoted(column.comment, '\'');
  }
  return list;
}

std::vector<SourceColumn> read_columns_of(const JsonValue& schema, const char* member) {
  std::vector<SourceColumn> columns;
  const JsonValue* const list = json_find(schema, member);
  if (list == nullptr || !list->IsArray()) return columns;
  for (const JsonValue& item : list->GetArray()) {
    if (!item.IsObject() || json_member(item, "name").empty()) refuse_answer("a column without a name");
    columns.push_back({core::to_lower(json_member(item, "name")), json_member(item, "type"),
                       is_false(item, "isNullable") || is_false(item, "nullable"),
                       json_member(item, "comment")});
  }
  return columns;
}

// The schema has seconds, the header an HTTP date. The time of a view is that of its definition, not of its
// rows: 0.
int64_t modified_time(const JsonValue& schema, const pugi::xml_node& table) {
  const JsonValue* const seconds = json_find(schema, "lastModifiedTime");
  if (seconds != nullptr && seconds->IsInt64() && seconds->GetInt64() > 0) return seconds->GetInt64();
  return core::parse_http_date(table.child_value("LastModifiedTime"), std::time(nullptr)).value_or(0);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// "host[:port]", which becomes part of a URL.
bool is_host(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") ==
             std::string::npos;
}

}  // namespace

std::string SourceTable::ddl() const {
  const std::string keys =
      partition_keys.empty() ? "" : fmt::format(" PARTITIONED BY ({})", column_list(partition_keys));
  return fmt::format("CREATE TABLE {} ({}){}", quoted(name, '`'), column_list(columns), keys);
}

MaxComputeService::MaxComputeService(MaxComputeProject project, MaxComputeHttp& http)
    : project_(std::move(project)), http_(http) {}

MaxComputeRequest MaxComputeService::meta_request(const std::string& method, const std::string& path,
                                                  NamedValues query) const {
  MaxComputeRequest request{
      method, fmt::format("/projects/{}{}", project_.project, path), std::move(query), {}};
  request.query.emplace_back("curr_project", project_.project);
  return request;
}

MaxComputeRequest MaxComputeService::tunnel_request(const std::string& method, const std::string& path,
                                                    NamedValues query) const {
  MaxComputeRequest request{method, path, std::move(query), {}};
  if (!project_.quota.empty()) request.query.emplace_back("quotaName", project_.quota);
  request.query.emplace_back("curr_project", project_.project);
  request.headers = {{"x-odps-tunnel-version", "6"},
                     {"odps-tunnel-date-transform", "v1"},
                     {"odps-tunnel-sdk-support-schema-evolution", "true"}};
  return request;
}

const MaxComputeProject& MaxComputeService::route() {
  if (!project_.tunnel.empty()) return project_;
  NamedValues query = {{"service", ""}};
  if (!project_.quota.empty()) query.emplace_back("quotaName", project_.quota);
  std::string host = http_.request(project_.endpoint, meta_request("GET", "/tunnel", query)).body;
  host.resize(core::trimmed_end(host, " \r\n").size());
  if (!is_host(host)) refuse_answer("the name of the tunnel endpoint");
  project_.tunnel = project_.endpoint.substr(0, project_.endpoint.find("://") + 3) + host;
  return project_;
}

SourceTable MaxComputeService::read_table(const std::string& table) {
  NamedValues query;
  if (!project_.schema.empty()) query.emplace_back("curr_schema", project_.schema);
  const HttpAnswer answer = http_.request(project_.endpoint, meta_request("GET", "/tables/" + table, query));
  const pugi::xml_document xml = parse_xml(answer.body, "a table's description");
  const pugi::xml_node root = xml.child("Table");
  const JsonDocument schema = parse_answer(root.child_value("Schema"), "a table's schema");
  SourceTable found;
  found.name = table;
  const std::string type = upper(root.child_value("Type"));
  const JsonValue* const view = json_find(schema, "isVirtualView");
  found.by_query = type == "VIRTUAL_VIEW" || type == "EXTERNAL_TABLE" || type == "OBJECT_TABLE" ||
                   (view != nullptr && view->IsTrue());
  found.modified = modified_time(schema, root);
  if (found.by_query) found.modified = 0;
  found.columns = read_columns_of(schema, "columns");
  found.partition_keys = read_columns_of(schema, "partitionKeys");
  if (found.columns.empty()) refuse_answer("a table's schema without columns");
  return found;
}

std::vector<SourcePartition> MaxComputeService::list_partitions(const std::string& table,
                                                                const NamedValues& prefix) {
  std::vector<SourcePartition> partitions;
  std::set<std::string> markers;  // a marker that is repeated would hide partitions, which would then be
                                  // removed from the mirror
  for (std::string marker;;) {
    NamedValues query = {{"partitions", ""}, {"expectmarker", "true"}};
    if (!marker.empty()) query.emplace_back("marker", marker);
    if (!prefix.empty()) query.emplace_back("partition", partition_text(prefix));
    if (!project_.schema.empty()) query.emplace_back("curr_schema", project_.schema);
    const HttpAnswer answer =
        http_.request(project_.endpoint, meta_request("GET", "/tables/" + table, query));
    const pugi::xml_document xml = parse_xml(answer.body, "a list of partitions");
    const pugi::xml_node root = xml.child("Partitions");
    if (!root) refuse_answer("a list of partitions");
    for (const pugi::xml_node item : root.children("Partition")) {
      SourcePartition partition;
      for (const pugi::xml_node column : item.children("Column"))
        partition.values.emplace_back(core::to_lower(column.attribute("Name").value()),
                                      column.attribute("Value").value());
      partition.name = partition_text(partition.values);
      partition.modified = item.child("LastModifiedTime").text().as_llong(0);
      if (begins_as(partition.values, prefix)) partitions.push_back(std::move(partition));
    }
    std::string next = root.child_value("Marker");
    if (next.empty()) return partitions;
    if (!markers.insert(next).second) refuse_answer("a list of partitions that repeats its marker");
    marker = std::move(next);
  }
}

DownloadSession MaxComputeService::open(const std::string& path, const std::string& partition) {
  DownloadSession session;
  session.path = path;
  session.partition = partition;
  NamedValues query = {{"downloads", ""}, {"asyncmode", "true"}};
  if (!partition.empty()) query.emplace_back("partition", partition);
  std::string body = http_.request(project_.tunnel, tunnel_request("POST", path, query)).body;
  for (int pause = http_.patience().unit / 10;; pause = std::min(2 * pause, 5 * http_.patience().unit)) {
    const JsonDocument answer = parse_answer(body, "a download session");
    session.id = json_member(answer, "DownloadID");
    const std::string status = upper(json_member(answer, "Status", "NORMAL"));
    if (session.id.empty()) refuse_answer("a download session without an id");
    if (status == "NORMAL") {
      const JsonValue* const count = json_find(answer, "RecordCount");
      if (count == nullptr || !count->IsUint64())
        refuse_answer("a download session without a count of records");
      session.records = count->GetUint64();
      constexpr uint64_t kMaxRecords =
          100'000'000'000;  // no mirror can hold more; the ranges are kept in memory
      if (session.records > kMaxRecords)
        refuse_answer(fmt::format("a download session that counts {} records", session.records));
      if (const JsonValue* const schema = json_find(answer, "Schema");
          schema != nullptr && schema->IsObject())
        session.columns = read_columns_of(*schema, "columns");
      return session;
    }
    if (status != "INITIATING") {
      throw SourceChanged(fmt::format("a new download session is {}", status), Hint::again());
    }
    http_.pause(std::max(pause, 1));
    query = {{"downloadid", session.id}};
    if (!partition.empty()) query.emplace_back("partition", partition);
    body = http_.request(project_.tunnel, tunnel_request("GET", path, query)).body;
  }
}

DownloadSession MaxComputeService::open_session(const std::string& table, const std::string& partition) {
  const std::string schema = project_.schema.empty() ? "" : "/schemas/" + project_.schema;
  return open(fmt::format("/projects/{}{}/tables/{}", project_.project, schema, table), partition);
}

void MaxComputeService::check_session(const DownloadSession& session) {
  NamedValues query = {{"downloadid", session.id}};
  if (!session.partition.empty()) query.emplace_back("partition", session.partition);
  const HttpAnswer answer = http_.request(project_.tunnel, tunnel_request("GET", session.path, query));
  const JsonDocument found = parse_answer(answer.body, "a download session");
  const std::string status = upper(json_member(found, "Status", "NORMAL"));
  if (status == "NORMAL") return;
  throw SourceChanged(fmt::format("the download session has ended ({})", status), Hint::again());
}

MaxComputeRequest MaxComputeService::range_request(const DownloadSession& session, uint64_t start,
                                                   uint64_t count, const std::vector<std::string>& columns,
                                                   const std::string& encoding) const {
  NamedValues query = {
      {"data", ""}, {"downloadid", session.id}, {"rowrange", fmt::format("({},{})", start, count)}};
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ",") + column;
  if (!list.empty()) query.emplace_back("columns", list);
  if (!session.partition.empty()) query.emplace_back("partition", session.partition);
  MaxComputeRequest request = tunnel_request("GET", session.path, query);
  if (!encoding.empty()) request.headers.emplace_back("accept-encoding", encoding);
  return request;
}

std::string MaxComputeService::quoted_name(const std::string& table) const {
  std::string name;
  for (const std::string* part : {&project_.project, &project_.schema, &table}) {
    if (part->empty()) continue;
    if (part->find('`') != std::string::npos)
      throw Refused(fmt::format("\"{}\" cannot be quoted in a query", *part));
    name += fmt::format("{}`{}`", name.empty() ? "" : ".", *part);
  }
  return name;
}

// The job's XML; pugixml escapes its values.
std::string MaxComputeService::run_query(const std::string& sql) {
  pugi::xml_document xml;
  pugi::xml_node job = xml.append_child("Instance").append_child("Job");
  const auto add = [](pugi::xml_node parent, const char* name, const std::string& text) {
    pugi::xml_node child = parent.append_child(name);
    child.append_child(pugi::node_pcdata).set_value(text.c_str());
  };
  add(job, "Priority", "9");
  pugi::xml_node task = job.append_child("Tasks").append_child("SQL");
  add(task, "Name", "AnonymousSQLTask");
  pugi::xml_node property = task.append_child("Config").append_child("Property");
  add(property, "Name", "settings");
  add(property, "Value",
      fmt::format(R"({{"odps.sql.type.system.odps2":"true","odps.namespace.schema":"{}"}})",
                  project_.schema.empty() ? "false" : "true"));
  add(task, "Query", sql);
  add(job.append_child("DAG"), "RunMode", "Sequence");
  std::ostringstream body;
  xml.save(body, "", pugi::format_raw);
  MaxComputeRequest request = meta_request("POST", "/instances", {});
  request.headers.emplace_back("content-type", "application/xml");
  const HttpAnswer answer = http_.request(project_.endpoint, request, body.str());
  const std::string id = answer.location.substr(answer.location.rfind('/') + 1);
  if (id.empty()) refuse_answer("a query's instance without a name");
  return id;
}

// The reason of a failure, or "" for success.
std::string MaxComputeService::instance_fault(const std::string& path) {
  const auto ask = [&](const char* what) {
    return parse_xml(http_.request(project_.endpoint, meta_request("GET", path, {{what, ""}})).body,
                     "a query's state");
  };
  const pugi::xml_document state = ask("taskstatus");
  const std::string status = state.child("Instance").child("Tasks").child("Task").child_value("Status");
  if (upper(status) == "SUCCESS") return {};
  const pugi::xml_document result = ask("result");
  const pugi::xml_node text = result.child("Instance").child("Tasks").child("Task").child("Result");
  std::string reason = text.child_value();
  if (upper(text.attribute("Transform").value()) == "BASE64")
    reason = core::base64_decode(reason).value_or(reason);
  return reason.empty() ? "it ended as " + status : reason;
}

DownloadSession MaxComputeService::open_query(const std::string& sql) {
  const std::string path = "/instances/" + run_query(sql);
  for (int pause = http_.patience().unit / 10;; pause = std::min(2 * pause, 5 * http_.patience().unit)) {
    const HttpAnswer answer = http_.request(project_.endpoint, meta_request("GET", path, {}));
    const std::string status =
        parse_xml(answer.body, "a query's state").child("Instance").child_value("Status");
    if (upper(status) == "TERMINATED") break;
    if (upper(status) != "RUNNING" && upper(status) != "SUSPENDED") refuse_answer("a query's state");
    http_.pause(std::max(pause, 1));
  }
  if (const std::string reason = instance_fault(path); !reason.empty())
    throw Refused("MaxCompute's query failed: " + http_.account().shown(reason));
  return open(fmt::format("/projects/{}{}", project_.project, path), "");
}

}  // namespace tablegate::loader
