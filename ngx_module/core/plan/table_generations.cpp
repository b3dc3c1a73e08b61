#include "core/plan/table_generations.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/answer/totals.hpp"

namespace tablegate::core {

namespace {

template <class Number>
bool read_number(const Cell& cell, Number& number) {
  if (cell.data == nullptr) return false;
  const char* const end = cell.data + cell.size;
  const auto read = std::from_chars(cell.data, end, number);
  return read.ec == std::errc{} && read.ptr == end;
}

std::string_view text_of(const Cell& cell) {
  return cell.data == nullptr ? std::string_view() : std::string_view(cell.data, cell.size);
}

}  // namespace

// Standard SQL, so that other engines of PostgreSQL's protocol run it too.
#define TABLEGATE_CORE_GENERATIONS                                                                         \
  "SELECT table_name, relation, generation, rows, CAST(floor(extract(epoch FROM source_time)) AS bigint)," \
  " CAST(floor(extract(epoch FROM loaded_at)) AS bigint)"
#define TABLEGATE_CORE_FROM_TABLES " FROM \"mirror\".\"tablegate_tables\""
#define TABLEGATE_CORE_STAMP "SELECT stamp FROM \"mirror\".\"tablegate_change\""
const char* const kGenerationsSql = TABLEGATE_CORE_GENERATIONS TABLEGATE_CORE_FROM_TABLES;
const char* const kStampedGenerationsSql = TABLEGATE_CORE_GENERATIONS
    ", CAST(floor(extract(epoch FROM loaded_at) * 1000000) AS bigint), (" TABLEGATE_CORE_STAMP
    ")" TABLEGATE_CORE_FROM_TABLES;
const char* const kStampSql = TABLEGATE_CORE_STAMP;
const char* const kPoolerStampSql =
    TABLEGATE_CORE_STAMP " WHERE pg_catalog.current_setting('transaction_isolation') = 'read committed'";
const char* const kWaitingSwapsSql =
    "SELECT table_name" TABLEGATE_CORE_FROM_TABLES
    " WHERE EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = "
    "1952539251 AND l.objsubid = 1 AND l.objid = "
    "CAST(pg_catalog.to_regclass(pg_catalog.format('mirror.%I', tablegate_tables.relation)) AS oid) AND "
    "l.database = (SELECT "
    "d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))";
#undef TABLEGATE_CORE_GENERATIONS
#undef TABLEGATE_CORE_FROM_TABLES
#undef TABLEGATE_CORE_STAMP

TableGenerations::TableGenerations(const Manifest& manifest)
    : manifest_(manifest), tables_(manifest.tables.size()), seen_(manifest.tables.size()) {}

void TableGenerations::begin() {
  stamp_ = 0;
  std::fill(seen_.begin(), seen_.end(), false);
}

bool TableGenerations::row(const Cell* cells, bool stamped) {
  const std::vector<std::string>& names = manifest_.tables;
  int64_t loaded_us = 0;
  if (stamped) {
    int64_t stamp = 0;  // the same in each row
    stamp_ = read_number(cells[7], stamp) ? static_cast<uint64_t>(stamp) : 0;
    if (!read_number(cells[6], loaded_us)) return false;
  }
  const auto found = std::lower_bound(names.begin(), names.end(), text_of(cells[0]));
  if (found == names.end() || *found != text_of(cells[0])) return true;
  const std::string_view relation = text_of(cells[1]);
  TableGeneration read;
  if (relation.empty() || !read_number(cells[2], read.number) || !read_number(cells[3], read.rows) ||
      !read_number(cells[5], read.loaded_at) ||
      (cells[4].data != nullptr && !read_number(cells[4], read.source_time))) {
    return false;
  }
  // Never 0.
  if (stamped) read.identity = with_generation(mix(static_cast<uint64_t>(loaded_us)), read.number) | 1U;
  const auto place = static_cast<size_t>(found - names.begin());
  TableGeneration& table = tables_[place];
  // Unknown: it was read under its name.
  const bool moved = relation != (table.relation.empty() ? *found : table.relation);
  read.epoch = moved ? ++last_epoch_ : table.epoch;
  read.relation = relation;
  read.known = true;
  table = std::move(read);
  seen_[place] = true;
  return true;
}

void TableGenerations::end() {
  pointers_ = 0;
  for (size_t place = 0; place < tables_.size(); ++place) {
    TableGeneration& table = tables_[place];
    if (!seen_[place]) table.known = false;  // where it was is still the best guess
    if (!table.relation.empty() && table.relation != manifest_.tables[place]) ++pointers_;
  }
}

const TableGeneration* TableGenerations::find(std::string_view name) const {
  const std::vector<std::string>& names = manifest_.tables;
  const auto found = std::lower_bound(names.begin(), names.end(), name);
  if (found == names.end() || *found != name) return nullptr;
  return &tables_[static_cast<size_t>(found - names.begin())];
}

std::string_view TableGenerations::relation(std::string_view name) const {
  const TableGeneration* const table = find(name);
  return table == nullptr || table->relation.empty() ? name : std::string_view(table->relation);
}

std::optional<uint64_t> TableGenerations::pointed(std::string_view name) const {
  const TableGeneration* const table = find(name);
  if (table == nullptr || table->relation.empty() || table->relation == name) return std::nullopt;
  return table->number;
}

bool TableGenerations::reads_pointer(const Api& api) const {
  return pointers_ > 0 && std::any_of(api.tables.begin(), api.tables.end(), [this](uint32_t place) {
           const TableGeneration& table = tables_[place];
           return !table.relation.empty() && table.relation != manifest_.tables[place];
         });
}

uint64_t TableGenerations::epoch(const Api& api) const {
  uint64_t newest = 0;
  for (const uint32_t place : api.tables) newest = std::max(newest, tables_[place].epoch);
  return newest;
}

int64_t TableGenerations::modified(const Api& api) const {
  constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min();
  if (api.tables.empty()) return kUnknown;
  int64_t oldest = std::numeric_limits<int64_t>::max();
  for (const uint32_t place : api.tables) {
    const TableGeneration& table = tables_[place];
    if (!table.known) return kUnknown;
    oldest = std::min(oldest, table.modified());
  }
  return oldest;
}

// A lock needs no row. LOCK TABLE is not allowed in a transaction that was not begun.
std::string TableGenerations::stamp_sql(const Api& api) const {
  std::string sql = kPoolerStampSql;  // a transaction's snapshot could be older than the locks
  for (const uint32_t place : api.tables) {
    sql +=
        " AND NOT EXISTS (SELECT FROM \"mirror\".\"" + std::string(relation(name(place))) + "\" WHERE false)";
  }
  return sql;
}

uint64_t TableGenerations::identity(const Api& api) const {
  uint64_t all = 0;
  for (const uint32_t place : api.tables) {
    const TableGeneration& table = tables_[place];
    if (!table.known || table.identity == 0) return 0;
    all = with_generation(all, table.identity);
  }
  return all;
}

}  // namespace tablegate::core
