#include "mirror/carry_over.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "mirror/generations.hpp"
#include "model/definition_rules.hpp"
#include "source/partition_text.hpp"

namespace tablegate::loader {

// The catalog's record of the serving generation.
struct ServingState {
  std::vector<TableColumn> columns;
  std::string origin;
  std::string keys;
  std::map<std::string, SourcePartition> partitions;  // by name; without values
};

namespace {

// The source reports times in whole seconds of its own clock: a partition changed just before it was read may
// change again within the same second. So its time is not recorded, and it is fetched again by the next load.
constexpr int64_t kSettling = 60;

ServingState read_state(Database& catalog, const std::string& table, int64_t generation) {
  ServingState state;
  const std::string number = std::to_string(generation);
  const Rows rows = catalog.query(
      "SELECT columns::text, origin, keys::text FROM tablegate.generation WHERE table_name = $1 AND "
      "generation = $2",
      {table, number});
  if (rows.empty()) return state;
  state.columns = read_columns(rows.string(0, 0));
  state.origin = rows.string(0, 1);
  state.keys = rows.string(0, 2);
  const Rows partitions = catalog.query(
      "SELECT partition, modified, row_count FROM tablegate.generation_partition WHERE table_name = $1 AND "
      "generation = $2",
      {table, number});
  for (int row = 0; row < partitions.size(); ++row) {
    const std::string name = partitions.string(row, 0);
    state.partitions[name] = {name, {}, partitions.integer(row, 1), partitions.integer(row, 2)};
  }
  return state;
}

// Whether rows of a generation fit into the table's present columns.
bool rows_fit(const std::vector<TableColumn>& then, const std::vector<TableColumn>& now) {
  return std::equal(
      then.begin(), then.end(), now.begin(), now.end(), [](const TableColumn& old, const TableColumn& next) {
        return old.name == next.name && old.sql_type == next.sql_type && (old.not_null || !next.not_null);
      });
}

// [["20260101","01"]]: the values of these columns.
std::string values_text(const std::vector<SourcePartition>& partitions,
                        const std::vector<std::string>& columns) {
  JsonDocument list(rapidjson::kArrayType);
  auto& allocator = list.GetAllocator();
  for (const SourcePartition& partition : partitions) {
    JsonValue row(rapidjson::kArrayType);
    for (const std::string& column : columns) {
      const auto found = std::find_if(partition.values.begin(), partition.values.end(),
                                      [&column](const auto& value) { return value.first == column; });
      const std::string& text = found->second;  // a source reports the values of all its keys
      row.PushBack(JsonValue(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator),
                   allocator);
    }
    list.PushBack(row, allocator);
  }
  return json_text(list);
}

int64_t rows_of(const std::vector<SourcePartition>& partitions) {
  int64_t rows = 0;
  for (const SourcePartition& partition : partitions) rows += partition.rows;
  return rows;
}

}  // namespace

CarryOver::CarryOver(Database& catalog, const TableSpec& spec, const std::optional<GenerationTable>& serving,
                     TableSource& source, const LoadMode& mode)
    : spec_(spec), serving_(serving) {
  if (mode.merge && spec.primary_key.empty()) {
    throw Refused(
        fmt::format("Table \"{}\" has no primary_key, which --merge requires: apply its definition with one",
                    spec.name),
        Hint::command({"apply", "-f", "FILE"}));
  }
  if (!serving || mode.full) return;
  PartitionedSource* const partitioned = source.partitioned();
  if (!mode.merge && partitioned == nullptr) return;
  const ServingState state = read_state(catalog, spec.name, serving->generation);
  if (mode.merge) {
    require_same_columns(state, "--merge");
    what_ = What::other_keys;
    return;
  }
  keys_ = partitioned->partition_keys();
  if (partitioned->holds_no_others())
    plan_whole(*partitioned, state, keys_text(spec));
  else
    plan_some(*partitioned, state);
}

// Unchanged partitions are taken over; those that the source no longer has are not.
void CarryOver::plan_whole(PartitionedSource& source, const ServingState& state, const std::string& keys) {
  if (!rows_fit(state.columns, spec_.columns) || state.origin != source.origin()) return;
  std::vector<SourcePartition> changed;
  for (const SourcePartition& partition : source.partitions()) {
    const auto known = state.partitions.find(partition.name);
    if (partition.modified != 0 && known != state.partitions.end() &&
        known->second.modified == partition.modified) {
      chosen_.push_back(partition);
      remembered_.push_back(known->second);
    } else {
      changed.push_back(partition);
    }
  }
  const bool same_swap = (serving_->relation == spec_.name) == (spec_.swap == kRenameSwap);
  unchanged_ = same_swap && changed.empty() && chosen_.size() == state.partitions.size() &&
               !chosen_.empty() && state.keys == keys && rows_of(remembered_) == serving_->rows;
  if (!chosen_.empty()) what_ = What::these;
  source.fetch_only(std::move(changed));
}

// Takes over all rows except those of the requested partitions, even rows of unknown origin. A partition
// within the request that the source no longer has is dropped.
void CarryOver::plan_some(const PartitionedSource& source, const ServingState& state) {
  require_same_columns(state, "--partition");
  what_ = What::others;
  const std::vector<PartitionValues>& asked = source.asked();
  for (const PartitionValues& prefix : asked) {
    const bool covered = std::any_of(asked.begin(), asked.end(), [&](const PartitionValues& other) {
      return other.size() < prefix.size() && begins_as(prefix, other);
    });
    if (covered) continue;
    if (!chosen_.empty() && chosen_.front().values.size() != prefix.size()) {
      throw Refused(
          "partitions named by all keys and partitions named by the first keys cannot be replaced in one "
          "load: load once for each number of keys",
          Hint());
    }
    chosen_.push_back({{}, prefix, 0, 0});
  }
  keys_.resize(chosen_.front().values.size());
  if (state.origin != source.origin()) return;
  for (const auto& [name, partition] : state.partitions) {
    const std::string text = name + ',';
    const bool comes = std::any_of(asked.begin(), asked.end(), [&text](const PartitionValues& prefix) {
      const std::string begin = partition_text(prefix) + ',';
      return text.compare(0, begin.size(), begin) == 0;
    });
    if (!comes) remembered_.push_back(partition);
  }
}

void CarryOver::require_same_columns(const ServingState& state, const std::string& option) const {
  if (rows_fit(state.columns, spec_.columns)) return;
  throw Refused(
      fmt::format(
          "Table \"{}\": the columns of serving generation {} differ from the Table's, {} cannot take "
          "its rows over; a load of all rows, without that option, can replace them",
          spec_.name, serving_->generation, option),
      Hint::command({"table", "columns", spec_.name}));
}

int64_t CarryOver::copy(Database& mirror, int64_t generation) const {
  if (what_ == What::nothing) return 0;
  const std::string number = std::to_string(generation);
  if (what_ == What::other_keys) {
    return mirror
        .query("SELECT mirror_load.carry_over_other_keys($1, $2, $3)",
               {spec_.name, number, names_text(spec_.primary_key)})
        .integer(0, 0);
  }
  const bool these = what_ == What::these;
  const int64_t copied = mirror
                             .query("SELECT mirror_load.carry_over($1, $2, $3, $4, $5)",
                                    {spec_.name, number, names_text(keys_), values_text(chosen_, keys_),
                                     these ? "true" : "false"})
                             .integer(0, 0);
  const int64_t wanted = rows_of(remembered_);
  if (these && copied != wanted) {
    throw Refused(fmt::format("Table \"{}\": generation {} holds {} rows in partitions that had {} when they "
                              "were loaded",
                              spec_.name, serving_->generation, copied, wanted),
                  Hint::again().flag("--full"));
  }
  return copied;
}

std::vector<SourcePartition> CarryOver::partitions(TableSource& source) const {
  PartitionedSource* const partitioned = source.partitioned();
  if (partitioned == nullptr || what_ == What::other_keys) return {};
  std::vector<SourcePartition> all = remembered_;
  const int64_t settled = std::time(nullptr) - kSettling;
  for (SourcePartition partition : partitioned->partitions()) {
    if (partition.modified > settled) partition.modified = 0;
    all.push_back(std::move(partition));
  }
  return all;
}

}  // namespace tablegate::loader
