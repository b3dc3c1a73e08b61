#include "mirror/table_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/apply/apply.hpp"
#include "catalog/life/table_readers.hpp"
#include "compile/relation_indexes.hpp"
#include "mirror/generations.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/read_source_ddl.hpp"
#include "mirror/serving_indexes.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {
namespace {

bool has_index(const std::vector<IndexColumns>& indexes, const IndexColumns& index) {
  return std::find(indexes.begin(), indexes.end(), index) != indexes.end();
}

// What one call of an API is best served by.
struct IndexOfCall {
  std::string api;
  WantedIndex index;
};

void add_index(std::vector<IndexOfCall>& indexes, const TableReader& reader, const std::string& with) {
  WantedIndex index =
      wanted_index(reader.definition, reader.source, [&with](const RequestParameter& parameter) {
        return parameter.required || parameter.default_value || parameter.name == with;
      });
  if (!index.columns().empty()) indexes.push_back({reader.api, std::move(index)});
}

// Of each API: the call without its optional parameters, and with each of them. What serves one of these
// serves the calls with more.
std::vector<IndexOfCall> indexes_of_calls(const std::vector<TableReader>& readers) {
  std::vector<IndexOfCall> indexes;
  for (const TableReader& reader : readers) {
    add_index(indexes, reader, {});
    for (const RequestParameter& parameter : reader.definition.request_parameters) {
      if (!parameter.required && !parameter.default_value) add_index(indexes, reader, parameter.name);
    }
  }
  // An index on more columns may serve what fewer are wanted for.
  std::stable_sort(indexes.begin(), indexes.end(), [](const IndexOfCall& a, const IndexOfCall& b) {
    return a.index.columns().size() > b.index.columns().size();
  });
  return indexes;
}

class Advisor {
 public:
  Advisor(const TableSpec& spec, const std::vector<IndexColumns>& built) {
    if (!spec.primary_key.empty()) add(spec.primary_key, true, true);
    key_ = indexes_.size();
    for (const IndexColumns& columns : spec.indexes) add(columns, true, has_index(built, columns));
    for (const IndexColumns& columns : built) {
      if (!has_index(spec.indexes, columns)) add(columns, false, true);
    }
    known_ = indexes_.size();
  }

  void serve(const IndexOfCall& call) {
    bool served = false;
    for (AdvisedIndex& index : indexes_) {
      if (!call.index.served_by(index.columns)) continue;
      if (index.apis.empty() || index.apis.back() != call.api) index.apis.push_back(call.api);
      served = true;
    }
    if (served) return;
    add(call.index.columns(), false, false);
    indexes_.back().apis.push_back(call.api);
  }

  void finish(TableAdvice& advice) {
    for (size_t i = key_; i < indexes_.size(); ++i) {
      AdvisedIndex& index = indexes_[i];
      std::sort(index.apis.begin(), index.apis.end());
      index.apis.erase(std::unique(index.apis.begin(), index.apis.end()), index.apis.end());
      if (i < known_ && (index.apis.empty() || is_covered(i))) {
        advice.unused.push_back(index.columns);
      } else if (!index.defined || !index.built) {
        advice.wanted.push_back(index);
      }
    }
  }

 private:
  // Whether an index that stays begins with the columns of this one, and so serves all that it does.
  bool is_covered(size_t place) const {
    const IndexColumns& columns = indexes_[place].columns;
    for (size_t i = 0; i < known_; ++i) {
      const AdvisedIndex& other = indexes_[i];
      const bool longer = other.columns.size() > columns.size() || (i < key_ && other.columns == columns);
      if (longer && other.defined && other.built &&
          std::equal(columns.begin(), columns.end(), other.columns.begin()))
        return true;
    }
    return false;
  }

  void add(const IndexColumns& columns, bool defined, bool is_built) {
    indexes_.push_back({columns, {}, defined, is_built});
  }

  std::vector<AdvisedIndex> indexes_;
  size_t key_ = 0;    // where those after the primary key begin
  size_t known_ = 0;  // where those begin that are not there yet
};

TableAdvice advise(Database& catalog, Database& mirror, const TableSpec& spec,
                   const std::optional<GenerationTable>& serving) {
  TableAdvice advice;
  advice.table = spec.name;
  advice.indexes = spec.indexes;
  std::vector<IndexColumns> built;
  if (serving) {
    advice.generation = serving->generation;
    advice.rows = serving->rows;
    built = list_indexes(mirror, serving->relation);
  }
  Advisor advisor(spec, built);
  const TableInfo info{spec.name, spec.time_zone, spec.primary_key, spec.columns};
  for (const IndexOfCall& call : indexes_of_calls(table_readers(catalog, info))) advisor.serve(call);
  advisor.finish(advice);
  return advice;
}

// The Table's definition with one more index.
Definition with_index(Database& catalog, const std::string& table, const IndexColumns& columns) {
  const Rows rows =
      catalog.query("SELECT definition::text FROM tablegate.mirror_table WHERE name = $1", {table});
  Definition definition;
  definition.kind = Kind::table;
  definition.name = table;
  definition.place.file = fmt::format("Table \"{}\"", table);
  if (rows.empty() || !parse_json(rows.text(0, 0), definition.document).empty())
    throw SystemFailure(fmt::format("the definition of Table \"{}\" cannot be read", table));
  auto& allocator = definition.document.GetAllocator();
  JsonDocument index(&allocator);
  parse_json(names_text(columns), index);
  if (!definition.document.HasMember("indexes"))
    definition.document.AddMember("indexes", JsonValue(rapidjson::kArrayType), allocator);
  definition.document["indexes"].PushBack(index, allocator);
  return definition;
}

// `keep`: else it is only tried.
void define_index(Database& catalog, const Workspace& workspace, const std::string& table,
                  const IndexColumns& columns, bool keep) {
  std::vector<Definition> definitions;
  definitions.push_back(with_index(catalog, table, columns));
  Problems problems;
  keep ? apply_definitions(catalog, workspace, definitions, problems, read_source_ddl)
       : try_definitions(catalog, workspace, definitions, problems, read_source_ddl);
}

}  // namespace

TableAdvice advise_table(Database& catalog, Database& mirror, const std::string& name) {
  const TableSpec spec = read_table_spec(catalog, name);
  return advise(catalog, mirror, spec, serving_generation(list_generations(mirror, name)));
}

TableAdvice create_indexes(Database& catalog, Database& mirror, const Workspace& workspace,
                           const std::string& name, const AdviceWatch& watch) {
  open_load_session(mirror);
  keep_session(catalog);
  const TableLock lock(mirror, name);
  const TableSpec spec = read_table_spec(catalog, name);
  const std::optional<GenerationTable> serving = serving_generation(list_generations(mirror, name));
  if (!serving)
    throw Refused(
        fmt::format("Table \"{}\" was never loaded: the first load builds the indexes of its definition",
                    name),
        Hint::command({"table", "load", name}));
  const std::vector<AdvisedIndex> wanted = advise(catalog, mirror, spec, serving).wanted;
  // Who may not change the Table learns it before anything is built.
  for (const AdvisedIndex& index : wanted) {
    if (!index.defined) define_index(catalog, workspace, name, index.columns, false);
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    const AdvisedIndex& index = wanted[i];
    if (!index.built) {
      const auto progress = [&](double percent) {
        watch.building(index.columns, i + 1, wanted.size(), percent);
      };
      progress(0);
      build_index(mirror, name, serving->generation, index.columns, progress);
      generation_indexed(catalog, name, serving->generation, index.columns);
    }
    if (!index.defined) define_index(catalog, workspace, name, index.columns, true);
    watch.built(index);
  }
  return advise(catalog, mirror, read_table_spec(catalog, name), serving);
}

}  // namespace tablegate::loader
