#include "catalog/apply/export.hpp"

#include <map>
#include <utility>

#include "catalog/apply/consumer_state.hpp"
#include "catalog/life/drafts.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxFileName = 200;  // bytes; file systems have 255
constexpr size_t kHashDigits = 8;

struct Source {
  Kind kind;
  const char* sql;  // name, definition, folder, version; $1: the workspace
};

constexpr Source kSources[] = {
    {Kind::domain,
     "SELECT name, definition::text, '', '' FROM tablegate.domain WHERE workspace_id = $1 OR shared"},
    {Kind::gateway_instance,
     "SELECT name, definition::text, '', '' FROM tablegate.gateway_instance WHERE $1::bigint > 0"},
    {Kind::rest_api,
     "SELECT name, definition::text, '', version FROM tablegate.rest_api WHERE workspace_id = $1 OR shared"},
    {Kind::data_source,
     "SELECT name, definition::text, '', '' FROM tablegate.data_source WHERE workspace_id = $1"},
    {Kind::business_process,
     "SELECT name, definition::text, '', '' FROM tablegate.business_process WHERE workspace_id = $1"},
    {Kind::table,
     "SELECT name, definition::text, '', '' FROM tablegate.mirror_table WHERE workspace_id = $1"},
    {Kind::api,
     "SELECT a.name, a.definition::text, b.name, '' FROM tablegate.api a JOIN tablegate.business_process b "
     "USING "
     "(business_process_id) WHERE a.deleted_at IS NULL AND a.workspace_id = $1"},
};

const char* folder_of(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return "domains";
    case Kind::gateway_instance:
      return "gateways";
    case Kind::rest_api:
      return "rest-apis";
    case Kind::data_source:
      return "data-sources";
    case Kind::business_process:
      return "business-processes";
    case Kind::table:
      return "tables";
    case Kind::api:
      return "apis";
    case Kind::consumer:
      return "consumers";
  }
  return "others";
}

// Letters of any script, digits, '.', '_' and '-' stay; '.' does not begin a name.
std::string safe_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       static_cast<unsigned char>(c) >= 0x80 || c == '_' || c == '-' ||
                       (c == '.' && !safe.empty());
    safe += plain ? c : c == ' ' ? '-' : '_';
  }
  if (safe.size() <= kMaxFileName) return safe;
  size_t end = kMaxFileName;
  while ((static_cast<unsigned char>(safe[end]) & 0xC0U) == 0x80U) --end;  // no half of a character
  return safe.substr(0, end) + "~" + sha256_hex(name).substr(0, kHashDigits);
}

std::string folded(std::string path) {
  for (char& c : path) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return path;
}

}  // namespace

std::vector<ExportedObject> export_definitions(Database& catalog, const Workspace& workspace) {
  Transaction transaction(catalog);
  catalog.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  std::vector<ExportedObject> objects;
  for (const Source& source : kSources) {
    const Rows rows = catalog.query(std::string(source.sql) + " ORDER BY 1, 4", {workspace.id});
    for (int i = 0; i < rows.size(); ++i)
      objects.push_back(
          {source.kind, rows.string(i, 0), rows.string(i, 3), rows.string(i, 2), rows.string(i, 1)});
  }
  std::vector<ConsumerText> consumers = consumer_texts(catalog, workspace, consumer_names(catalog));
  for (ConsumerText& one : consumers)
    objects.push_back({Kind::consumer, one.consumer.name, "", "", std::move(one.text)});
  transaction.commit();
  return objects;
}

std::vector<std::string> export_files(const std::vector<ExportedObject>& objects,
                                      std::string_view extension) {
  std::vector<std::string> paths;
  std::map<std::string, int> users;  // of a path in lower case
  for (const ExportedObject& object : objects) {
    std::string path = std::string(folder_of(object.kind)) + "/";
    if (!object.folder.empty()) path += safe_name(object.folder) + "/";
    paths.push_back(path + safe_name(object.title()));
    ++users[folded(paths.back())];
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    // All of those that share a path, so that the name of a file does not depend on which came first.
    if (users[folded(paths[i])] > 1)
      paths[i] += "~" + sha256_hex(objects[i].folder + "\n" + objects[i].title()).substr(0, kHashDigits);
    paths[i] += extension;
  }
  return paths;
}

}  // namespace tablegate::loader
