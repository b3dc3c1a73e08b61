#include "catalog/apply.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "catalog/api_rules.hpp"
#include "catalog/consumer_definition.hpp"
#include "catalog/definition_rules.hpp"
#include "catalog/definition_schema.hpp"
#include "catalog/source_ddl.hpp"

namespace tablegate::loader {
namespace {

class Applier {
 public:
  Applier(Database& catalog, const Workspace& workspace, std::vector<Definition>& definitions,
          Problems& problems)
      : catalog_(catalog),
        workspace_(workspace),
        definitions_(definitions),
        problems_(problems),
        consumers_(catalog, workspace, problems) {}

  // `keep`: else everything is taken back.
  std::vector<AppliedObject> run(bool keep) {
    std::vector<AppliedObject> objects;
    for (Definition& definition : definitions_) {
      if (!definition.broken) check_schema(definition, problems_);
      if (!definition.broken) check_rules(definition, problems_);
      objects.push_back({definition.kind, definition.name, {}, definition.version, {}, {}});
    }
    fill_source_ddl(catalog_, workspace_, definitions_, problems_);
    Transaction transaction(catalog_);
    lock_catalog(catalog_);
    for (const KindInfo& info : kinds()) {
      for (size_t i = 0; i < definitions_.size(); ++i) {
        if (definitions_[i].kind != info.kind) continue;
        object_ = &objects[i];
        object_->action = save(definitions_[i]);
      }
    }
    check_other_drafts();
    consumers_.check_settings();
    problems_.raise("the same command again, once that is corrected");
    if (keep) transaction.commit();
    return objects;
  }

 private:
  void refuse(Definition& definition, const std::string& pointer, const std::string& reason) {
    definition.broken = true;
    problems_.add(definition.place, pointer, reason);
  }

  // Whether this apply tried to define the object and refused it already.
  bool refused_here(Kind kind, const std::string& name, const std::string& version = {}) const {
    for (const Definition& definition : definitions_) {
      if (definition.kind == kind && definition.name == name && definition.version == version)
        return definition.broken;
    }
    return false;
  }

  std::string save(Definition& definition) {
    if (definition.broken) return {};
    switch (definition.kind) {
      case Kind::domain:
        return save_plain(definition, "tablegate.domain");
      case Kind::gateway_instance:
        return save_gateway(definition);
      case Kind::rest_api:
        return save_rest_api(definition);
      case Kind::data_source:
        return save_data_source(definition);
      case Kind::business_process:
        return save_business_process(definition);
      case Kind::api:
        return save_api(definition);
      case Kind::table:
        return save_table(definition);
      case Kind::consumer:
        return save_consumer(definition);
    }
    return {};
  }

  std::string save_consumer(Definition& definition) {
    ConsumerApplier::Saved saved =
        consumers_.save(definition, [this](Kind kind, const std::string& name, const std::string& version) {
          return refused_here(kind, name, version);
        });
    object_->before = std::move(saved.before);
    object_->after = std::move(saved.after);
    return saved.action;
  }

  // "created", "changed" or "unchanged" by the definition that is there.
  std::string action_of(const Rows& before, const std::string& text) {
    if (!before.empty()) object_->before = before.string(0, 0);
    object_->after = text;
    return before.empty() ? "created" : before.text(0, 0) == text ? "unchanged" : "changed";
  }

  std::string save_plain(const Definition& definition, const std::string& table) {
    const std::string text = normalised_text(definition);
    const Rows before =
        catalog_.query("SELECT definition::text FROM " + table + " WHERE name = $1", {definition.name});
    std::string action = action_of(before, text);
    if (action == "created") {
      catalog_.query("INSERT INTO " + table + " (name, definition) VALUES ($1, $2)", {definition.name, text});
    } else if (action == "changed") {
      catalog_.query("UPDATE " + table + " SET definition = $2, updated_at = now() WHERE name = $1",
                     {definition.name, text});
    }
    return action;
  }

  std::string save_gateway(Definition& definition) {
    const Rows used = catalog_.query(
        "SELECT p.service, coalesce(v.definition ->> 'resource_group', 'default'), a.name FROM "
        "tablegate.published_api p"
        " JOIN tablegate.api_version v USING (api_id, version) JOIN tablegate.api a USING (api_id)"
        " WHERE p.gateway = $1 ORDER BY a.name",
        {definition.name});
    const std::string services = services_text(definition.document);
    for (int i = 0; i < used.size(); ++i) {
      const Rows has = catalog_.query("SELECT coalesce($1::jsonb -> $2::text ? $3::text, false)",
                                      {services, used.string(i, 0), used.string(i, 1)});
      if (has.boolean(0, 0)) continue;
      refuse(definition, "/services",
             fmt::format("API \"{}\" is published to service \"{}\", resource group \"{}\"", used.text(i, 2),
                         used.text(i, 0), used.text(i, 1)));
    }
    std::string action = save_plain(definition, "tablegate.gateway_instance");
    if (action == "created") {
      // A gateway of this name that was deleted has left its history: numbers go on.
      catalog_.query(
          "UPDATE tablegate.gateway_instance g SET publication = p.last FROM (SELECT max(publication) AS "
          "last FROM"
          " tablegate.publication WHERE gateway = $1) p WHERE g.name = $1 AND p.last IS NOT NULL",
          {definition.name});
    }
    return action;
  }

  static std::string services_text(const JsonValue& gateway) {
    const JsonValue* const services = json_find(gateway, "services");
    return services == nullptr ? R"({"default":["default"]})" : json_text(*services);
  }

  std::string save_rest_api(Definition& definition) {
    const std::string text = normalised_text(definition);
    const std::string base_path = json_member(definition.document, "base_path");
    const Rows before = catalog_.query(
        "SELECT definition::text, base_path, rest_api_id, coalesce(definition ->> 'versioning', '') FROM "
        "tablegate.rest_api WHERE name = $1 AND version = $2",
        {definition.name, definition.version});
    std::string action = action_of(before, text);
    if (action == "created") {
      catalog_.query(
          "INSERT INTO tablegate.rest_api (name, version, base_path, definition) VALUES ($1, $2, $3, $4)",
          {definition.name, definition.version, base_path, text});
    } else if (action == "changed") {
      if (before.text(0, 1) != base_path)
        refuse_if_published(definition, "/base_path", before.string(0, 2), before.string(0, 1));
      // The version is what identifies it: only scheme and name can differ.
      const std::string versioning = versioning_text(definition.document);
      if (before.text(0, 3) != versioning && !(before.text(0, 3).empty() && versioning == kNoVersioning) &&
          !(before.text(0, 3) == kNoVersioning && versioning.empty()))
        refuse_if_published(definition, "/versioning", before.string(0, 2), before.string(0, 3));
      catalog_.query(
          "UPDATE tablegate.rest_api SET base_path = $2, definition = $3, updated_at = now() WHERE "
          "rest_api_id = $1",
          {before.string(0, 2), base_path, text});
    }
    return action;
  }

  static constexpr std::string_view kNoVersioning = R"({"scheme":"none"})";
  std::string versioning_text(const JsonValue& rest_api) const {
    const JsonValue* const versioning = json_find(rest_api, "versioning");
    return versioning == nullptr ? std::string() : json_text(*versioning);
  }

  void refuse_if_published(Definition& definition, const std::string& pointer, const std::string& rest_api_id,
                           const std::string& value) {
    const std::vector<std::string> published = first_column(catalog_.query(
        "SELECT DISTINCT a.name FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
        " JOIN tablegate.business_process b USING (business_process_id) WHERE b.rest_api_id = $1 ORDER BY 1",
        {rest_api_id}));
    if (published.empty()) return;
    refuse(definition, pointer,
           fmt::format("stays {} while APIs of it are published: {}", value, name_list(published)));
  }

  std::string save_data_source(const Definition& definition) {
    const std::string text = normalised_text(definition);
    const Rows before = catalog_.query(
        "SELECT definition::text FROM tablegate.data_source WHERE workspace_id = $1 AND name = $2",
        {workspace_.id, definition.name});
    std::string action = action_of(before, text);
    if (action != "unchanged") {
      catalog_.query(
          "INSERT INTO tablegate.data_source (workspace_id, name, type, definition) VALUES ($1, $2, $3, $4)"
          " ON CONFLICT (workspace_id, name) DO UPDATE SET type = $3, definition = $4, updated_at = now()",
          {workspace_.id, definition.name, json_member(definition.document, "type"), text});
    }
    return action;
  }

  void refuse_rest_api(Definition& definition, const std::string& name, const std::string& version) {
    std::vector<std::string> versions = first_column(
        catalog_.query("SELECT version FROM tablegate.rest_api WHERE name = $1 ORDER BY version", {name}));
    if (versions.empty())
      return refuse(definition, "/rest_api", fmt::format("there is no REST API \"{}\"", name));
    for (std::string& one : versions) one = one.empty() ? "none" : one;
    refuse(definition, "/rest_api_version",
           version.empty()
               ? fmt::format("is missing: REST API \"{}\" has the versions {}", name, name_list(versions))
               : fmt::format("REST API \"{}\" has no version \"{}\" (there is {})", name, version,
                             name_list(versions)));
  }

  std::string save_business_process(Definition& definition) {
    const std::string rest_api = json_member(definition.document, "rest_api");
    const std::string version = json_member(definition.document, "rest_api_version");
    if (refused_here(Kind::rest_api, rest_api, version)) return {};
    const Rows found = catalog_.query(
        "SELECT rest_api_id FROM tablegate.rest_api WHERE name = $1 AND version = $2", {rest_api, version});
    if (found.empty()) {
      refuse_rest_api(definition, rest_api, version);
      return {};
    }
    const std::string text = normalised_text(definition);
    const Rows before = catalog_.query(
        "SELECT b.definition::text, b.rest_api_id, concat_ws(' ', r.name, nullif(r.version, '')) FROM "
        "tablegate.business_process b JOIN "
        "tablegate.rest_api r"
        " USING (rest_api_id) WHERE b.workspace_id = $1 AND b.name = $2",
        {workspace_.id, definition.name});
    std::string action = action_of(before, text);
    if (action == "created") {
      catalog_.query(
          "INSERT INTO tablegate.business_process (workspace_id, name, rest_api_id, definition) VALUES ($1, "
          "$2, $3, $4)",
          {workspace_.id, definition.name, found.string(0, 0), text});
    } else if (action == "changed") {
      if (before.text(0, 1) != found.text(0, 0)) {
        refuse(definition, "/rest_api",
               fmt::format("a business process stays with its REST API, here \"{}\"", before.text(0, 2)));
      }
      catalog_.query(
          "UPDATE tablegate.business_process SET definition = $3, updated_at = now() WHERE workspace_id = $1 "
          "AND name = $2",
          {workspace_.id, definition.name, text});
    }
    return action;
  }

  void check_zone(Definition& definition, const std::string& pointer, const std::string& zone) {
    if (zone.empty() ||
        !catalog_.query("SELECT FROM pg_catalog.pg_timezone_names WHERE name = $1", {zone}).empty())
      return;
    refuse(definition, pointer,
           fmt::format("PostgreSQL knows no time zone \"{}\" (names such as Asia/Shanghai)", zone));
  }

  std::string save_table(Definition& definition) {
    if (definition.broken) return {};
    TableInfo table = read_table(definition, problems_);
    check_zone(definition, "/time_zone", json_member(definition.document, "time_zone"));
    if (const JsonValue* const refresh = json_find(definition.document, "refresh");
        refresh != nullptr && refresh->IsObject())
      check_zone(definition, "/refresh/time_zone", json_member(*refresh, "time_zone"));
    const std::string source = json_member(definition.document, "data_source");
    if (refused_here(Kind::data_source, source)) return {};
    const Rows found = catalog_.query(
        "SELECT data_source_id, type FROM tablegate.data_source WHERE workspace_id = $1 AND name = $2",
        {workspace_.id, source});
    if (found.empty())
      refuse(definition, "/data_source",
             fmt::format("there is no data source \"{}\" in workspace {}", source, workspace_.name));
    else if (json_find(definition.document, "source_query") != nullptr) {
      if (found.text(0, 1) != "postgresql")
        refuse(definition, "/source_query", "is for tables of a postgresql data source");
      else if (json_find(definition.document, "source_table") != nullptr)
        refuse(definition, "/source_query", "and \"source_table\" exclude each other");
    }
    const Rows before = catalog_.query(
        "SELECT t.definition::text, w.name, w.workspace_id FROM tablegate.mirror_table t JOIN "
        "tablegate.data_source d USING"
        " (data_source_id) JOIN tablegate.workspace w USING (workspace_id) WHERE t.name = $1",
        {definition.name});
    if (!before.empty() && before.text(0, 2) != workspace_.id) {
      refuse(definition, "/name", fmt::format("this table is workspace {}'s", before.text(0, 1)));
    }
    if (definition.broken) return {};
    // MaxCompute's projects are there unless they say otherwise.
    if (json_find(definition.document, "time_zone") == nullptr && found.text(0, 1) == "maxcompute")
      table.time_zone = "Asia/Shanghai";
    const std::string text = normalised_text(definition);
    std::string action = action_of(before, text);
    if (action != "unchanged") {
      catalog_.query(
          "INSERT INTO tablegate.mirror_table (name, data_source_id, definition, columns, primary_key, "
          "time_zone)"
          " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET data_source_id = $2, definition "
          "= $3,"
          " columns = $4, primary_key = $5, time_zone = $6, updated_at = now()",
          {definition.name, found.string(0, 0), text, columns_text(table.columns),
           names_text(table.primary_key), table.time_zone});
    }
    if (action == "changed") changed_tables_.push_back(&definition);
    return action;
  }

  std::string save_api(Definition& definition) {
    const std::string process = json_member(definition.document, "business_process");
    const std::string table_name = json_member(definition.document, "table");
    const bool process_known = !refused_here(Kind::business_process, process);
    const Rows found = catalog_.query(
        "SELECT business_process_id, rest_api_id FROM tablegate.business_process WHERE workspace_id = $1 AND "
        "name = $2",
        {workspace_.id, process});
    if (found.empty() && process_known && !depends_on_refused(process)) {
      refuse(definition, "/business_process",
             fmt::format("there is no business process \"{}\" in workspace {}", process, workspace_.name));
    }
    const bool table_known = check_table_of(definition, table_name);
    if (!found.empty()) check_version_key(definition, found.string(0, 1));
    if (definition.broken || found.empty() || !table_known) return {};
    const std::string text = normalised_text(definition);
    const Rows before = catalog_.query(
        "SELECT a.definition::text, a.api_id, b.rest_api_id, EXISTS (SELECT FROM tablegate.api_version v "
        "WHERE v.api_id = a.api_id)"
        " FROM tablegate.api a JOIN tablegate.business_process b USING (business_process_id)"
        " WHERE a.workspace_id = $1 AND a.name = $2 AND a.deleted_at IS NULL",
        {workspace_.id, definition.name});
    std::string action = action_of(before, text);
    if (!before.empty() && before.boolean(0, 3) && before.text(0, 2) != found.text(0, 1)) {
      refuse(
          definition, "/business_process",
          "an API with versions stays with its REST API, and this business process belongs to another one");
    } else if (action == "created") {
      catalog_.query(
          "INSERT INTO tablegate.api (workspace_id, business_process_id, name, table_name, definition) "
          "VALUES ($1, $2, $3, $4, $5)",
          {workspace_.id, found.string(0, 0), definition.name, table_name, text});
    } else if (action == "changed") {
      catalog_.query(
          "UPDATE tablegate.api SET business_process_id = $2, table_name = $3, definition = $4, updated_at = "
          "now() WHERE api_id = $1",
          {before.string(0, 1), found.string(0, 0), table_name, text});
    }
    saved_apis_.insert(definition.name);
    return action;
  }

  // What tells versions of its REST API apart is no parameter and no credential of the API's.
  void check_version_key(Definition& definition, const std::string& rest_api_id) {
    const Rows rows = catalog_.query(
        "SELECT version_in, version_name, version FROM tablegate.rest_api WHERE rest_api_id = $1",
        {rest_api_id});
    if (!check_version_name(definition.document, definition.place, read_version_key(rows, 0, 0), problems_))
      definition.broken = true;
  }

  // A business process of this apply that was not saved because its REST API was refused.
  bool depends_on_refused(const std::string& process) const {
    for (const Definition& definition : definitions_) {
      if (definition.kind == Kind::business_process && definition.name == process) {
        return definition.broken || refused_here(Kind::rest_api, json_member(definition.document, "rest_api"),
                                                 json_member(definition.document, "rest_api_version"));
      }
    }
    return false;
  }

  // False: the table is refused in this very apply, and nothing more can be said of the API.
  bool check_table_of(Definition& definition, const std::string& name) {
    for (const Definition& other : definitions_) {
      if (other.kind != Kind::table || other.name != name) continue;
      if (other.broken || refused_here(Kind::data_source, json_member(other.document, "data_source")))
        return false;
    }
    check_columns_of(definition, name);
    return true;
  }

  void check_columns_of(Definition& definition, const std::string& name) {
    const Rows owner = catalog_.query(
        "SELECT w.workspace_id, w.name FROM tablegate.mirror_table t JOIN tablegate.data_source d USING "
        "(data_source_id)"
        " JOIN tablegate.workspace w USING (workspace_id) WHERE t.name = $1",
        {name});
    if (owner.empty()) return refuse(definition, "/table", fmt::format("there is no table \"{}\"", name));
    if (owner.text(0, 0) != workspace_.id) {
      return refuse(definition, "/table",
                    fmt::format("table \"{}\" is workspace {}'s", name, owner.text(0, 1)));
    }
    if (!check_api_columns(definition.document, definition.place, *find_table(catalog_, name), problems_))
      definition.broken = true;
  }

  // Drafts that this apply does not define must still fit a table that it changes.
  void check_other_drafts() {
    for (Definition* const changed : changed_tables_) {
      const TableInfo table = *find_table(catalog_, changed->name);
      const Rows drafts = catalog_.query(
          "SELECT name, definition::text FROM tablegate.api WHERE table_name = $1 AND deleted_at IS NULL "
          "ORDER BY name",
          {changed->name});
      for (int i = 0; i < drafts.size(); ++i) {
        if (saved_apis_.count(drafts.string(i, 0)) != 0 || refused_here(Kind::api, drafts.string(i, 0)))
          continue;
        JsonDocument draft;
        parse_json(drafts.string(i, 1), draft);
        Problems found;
        if (check_api_columns(draft, {fmt::format("API \"{}\"", drafts.text(i, 0)), ""}, table, found))
          continue;
        for (const std::string& line : found.lines()) refuse(*changed, "/ddl", "no longer fits " + line);
      }
    }
  }

  Database& catalog_;
  const Workspace& workspace_;
  std::vector<Definition>& definitions_;
  Problems& problems_;
  std::vector<Definition*> changed_tables_;
  std::set<std::string> saved_apis_;
  ConsumerApplier consumers_;
  AppliedObject* object_ = nullptr;  // what is being saved
};

}  // namespace

std::vector<AppliedObject> apply_definitions(Database& catalog, const Workspace& workspace,
                                             std::vector<Definition>& definitions, Problems& problems) {
  return Applier(catalog, workspace, definitions, problems).run(true);
}

std::vector<AppliedObject> try_definitions(Database& catalog, const Workspace& workspace,
                                           std::vector<Definition>& definitions, Problems& problems) {
  return Applier(catalog, workspace, definitions, problems).run(false);
}

}  // namespace tablegate::loader
