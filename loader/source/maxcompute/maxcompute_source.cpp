#include "source/maxcompute/maxcompute_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "model/ddl_lexer.hpp"
#include "model/ddl_type.hpp"
#include "source/copy_stream.hpp"
#include "source/partition_text.hpp"
#include "source/source_columns.hpp"

namespace tablegate::loader {
namespace {

const SourceColumn* find_column(const std::vector<SourceColumn>& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&name](const SourceColumn& one) { return one.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

// The PostgreSQL type of a source's column; `type` is its type in the stream.
TableColumn mapped(const SourceColumn& column, MaxComputeType& type) {
  TableColumn result;
  result.name = column.name;
  const std::string subject = fmt::format("column \"{}\" of the source", column.name);
  DdlType ddl;
  try {
    ddl = parse_type_text(column.type, subject);
  } catch (const Refused&) {
    throw Refused(fmt::format("{}: type {} cannot be read", subject, column.type));
  }
  std::string reason = map_ddl_type(ddl, result);
  if (reason.empty()) reason = maxcompute_type(ddl, type);
  if (!reason.empty()) throw Refused(fmt::format("{}: {}", subject, reason));
  return result;
}

}  // namespace

MaxComputeProject project_of(const DataSourceDefinition& source) {
  MaxComputeProject project;
  project.endpoint = source.endpoint;
  project.project = source.project;
  project.schema = source.schema;
  project.tunnel = source.tunnel_endpoint;
  project.region = source.region;
  project.quota = source.quota;
  return project;
}

NamedValues parse_partition(const std::string& text, const std::vector<SourceColumn>& keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const SourceColumn& key : keys) names.push_back(key.name + "=VALUE");
  const std::string next = fmt::format("{}", fmt::join(names, ","));
  const auto refuse = [&](const std::string& reason) {
    throw Refused(fmt::format("partition {}: {}", text, reason), Hint::again().replace(text, next));
  };
  NamedValues partition;
  for (auto& [name, value] : split_partition(text, next)) {
    if (partition.size() == keys.size() || keys[partition.size()].name != name) {
      refuse(partition.size() < keys.size()
                 ? fmt::format("\"{}\" where {} is expected: keys must be in the table's order", name,
                               keys[partition.size()].name)
                 : fmt::format("the table has no partition key \"{}\"", name));
    }
    partition.emplace_back(name, value);
  }
  return partition;
}

MaxComputeSource::MaxComputeSource(const MaxComputeProject& project, const std::string& table,
                                   std::vector<TableColumn> columns, const MaxComputeOptions& options)
    : columns_(std::move(columns)),
      account_(std::make_unique<MaxComputeAccount>(options.credentials, project.region)),
      patience_(HttpPatience::from_environment()) {
  if (table.find('.') != std::string::npos) {
    throw Refused(
        fmt::format(
            "source_table \"{}\": write the table's name only; the data source names project and schema",
            table),
        Hint::command({"apply", "-f", "FILE"}));
  }
  const std::atomic<bool> never{false};
  MaxComputeHttp http(*account_, patience_, never);
  MaxComputeService service(project, http);
  const SourceTable source = service.read_table(table);
  if (source.modified > 0) time_ = source_time_of(source.modified);
  plan_.table = table;
  plan_.jobs = options.jobs;
  plan_.encoding = options.encoding;
  origin_ = fmt::format("maxcompute:{}{}{}.{}", project.project, project.schema.empty() ? "" : ".",
                        project.schema, table);
  label_ = origin_;
  plan_columns(source);
  choose_partitions(service, source, options);
  if (source.by_query) plan_query(service);
  plan_.project = service.route();
}

// Columns are requested in the source's order; partition values follow.
void MaxComputeSource::plan_columns(const SourceTable& source) {
  std::set<std::string> wanted;
  for (const TableColumn& column : columns_) {
    const SourceColumn* const key = find_column(source.partition_keys, column.name);
    if (key == nullptr && find_column(source.columns, column.name) == nullptr) {
      refuse_missing_column("the source's table " + source.name, column.name);
    }
    if (key != nullptr) plan_.keys.push_back(column.name);
    wanted.insert(column.name);
  }
  for (const SourceColumn& column : source.columns) {
    if (wanted.count(column.name) == 0) {
      plan_.all_columns = false;
      continue;
    }
    MaxComputeType type;
    const TableColumn is = mapped(column, type);
    const auto mirror = std::find_if(columns_.begin(), columns_.end(),
                                     [&column](const TableColumn& one) { return one.name == column.name; });
    if (!column_fits(is, *mirror)) refuse_unfit_column(*mirror, column.type);
    plan_.columns.push_back(column);
    plan_.types.push_back(std::move(type));
  }
  if (plan_.columns.empty())
    throw Refused("the Table has only partition columns; a load requires at least one other column");
}

void MaxComputeSource::choose_partitions(MaxComputeService& service, const SourceTable& source,
                                         const MaxComputeOptions& options) {
  const std::vector<SourceColumn>& keys = source.partition_keys;
  if (keys.empty()) {
    if (options.all_partitions || !options.partitions.empty())
      throw Refused(fmt::format("the source's table {} has no partitions", source.name));
    partitions_.emplace_back();
    return;
  }
  by_partition_ = !source.by_query && plan_.keys.size() == keys.size();
  whole_ = options.all_partitions || options.of_table;
  if (options.all_partitions) {
    partitions_ = service.list_partitions(source.name, {});
    label_ += "/*";
  } else if (options.partitions.empty()) {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const SourceColumn& key : keys) names.push_back(key.name);
    throw Refused(fmt::format("the source's table {} is partitioned by {}: name those to load with "
                              "--partition, or --all-partitions",
                              source.name, fmt::join(names, ", ")),
                  Hint::again().add("--partition", names[0] + "=VALUE"));
  } else {
    find_partitions(service, source, options.partitions);
  }
  int64_t newest = 0;
  for (const SourcePartition& partition : partitions_) newest = std::max(newest, partition.modified);
  if (newest > 0) time_ = source_time_of(newest);
}

// A partition named by all keys may be missing from the list: opening its session shows whether it exists.
void MaxComputeSource::find_partitions(MaxComputeService& service, const SourceTable& source,
                                       const std::vector<std::string>& texts) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const NamedValues prefix = parse_partition(text, source.partition_keys);
    label_ += "/" + partition_text(prefix);
    asked_.push_back(prefix);
    std::vector<SourcePartition> found = service.list_partitions(source.name, prefix);
    if (found.empty() && prefix.size() == source.partition_keys.size())
      found.push_back({partition_text(prefix), prefix, 0, 0});
    if (found.empty())
      throw Refused(fmt::format("the source's table {} has no partition {}", source.name, text));
    for (SourcePartition& partition : found) {
      if (seen.insert(partition.name).second) partitions_.push_back(std::move(partition));
    }
  }
}

// The tunnel rejects views: their rows come from a query.
void MaxComputeSource::plan_query(MaxComputeService& service) {
  std::vector<std::string> names;
  for (const SourceColumn& column : plan_.columns) {
    if (column.name.find('`') != std::string::npos)
      throw Refused(fmt::format("column \"{}\" cannot be quoted in a query", column.name));
    names.push_back(fmt::format("`{}`", column.name));
  }
  if (!plan_.keys.empty())
    throw Refused(
        fmt::format("the external table {} has partitions, which is not supported yet", plan_.table));
  plan_.query = fmt::format("SELECT {} FROM {};", fmt::join(names, ", "), service.quoted_name(plan_.table));
  plan_.all_columns = true;
  partitions_.assign(1, {});
}

int64_t MaxComputeSource::copy_into(Database& database, const std::string& table, bool freeze,
                                    const ProgressWatch& progress) {
  std::vector<std::string> names;
  for (const SourceColumn& column : plan_.columns) names.push_back(column.name);
  names.insert(names.end(), plan_.keys.begin(), plan_.keys.end());
  CopyStream stream(database, table, names, freeze, "");
  plan_.partitions.clear();
  for (const SourcePartition& partition : partitions_) plan_.partitions.push_back(partition.values);
  const std::vector<uint64_t> told =
      download(plan_, *account_, patience_, [&](std::string_view rows, const DownloadProgress& done) {
        const bool taken = stream.send(rows);
        progress({done.rows, done.bytes, 0, done.total});
        return taken;
      });
  uint64_t records = 0;
  for (size_t i = 0; i < told.size(); ++i) {
    partitions_[i].rows = static_cast<int64_t>(told[i]);
    records += told[i];
  }
  int64_t rows = 0;
  CopyFault fault;
  // Rows arrive in any order, so a line number would mean nothing; PostgreSQL's message holds the rejected
  // value.
  if (!stream.finish(rows, fault)) refuse_rows(fault, label_, label_);
  require_count(label_, rows, records);
  return rows;
}

}  // namespace tablegate::loader
