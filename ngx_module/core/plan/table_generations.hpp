// What a gateway knows of the mirrored tables that its APIs read: the rows of
// mirror.tablegate_tables of one database, as they were read last. Owned by a
// worker (or a test of the loader), one thread. Tables that the manifest does
// not name are left out. What is not known stays `known` false: such a table is
// read under its own name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/json_writer.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// Plain SQL without parameters; kGenerationColumns columns of text, in this order: name, relation,
// generation, rows, source_time and loaded_at in seconds since 1970.
extern const char* const kGenerationsSql;
constexpr size_t kGenerationColumns = 6;
// The same and two more: loaded_at in microseconds since 1970, and the stamp of them all
// (schema/mirror/024_change_stamp.sql). A mirror of an older loader has none: 42P01.
extern const char* const kStampedGenerationsSql;
constexpr size_t kStampedGenerationColumns = 8;
// The stamp alone.
extern const char* const kStampSql;
// The same where the session's settings are not ours: no row unless each statement sees what was committed
// before it began.
extern const char* const kPoolerStampSql;
// The names of the tables whose swap has waited for long (kSwapWaitsLock), one column.
extern const char* const kWaitingSwapsSql;
// A loader whose swap (`rename`) cannot lock its table for longer than its pace holds an advisory lock in
// share mode meanwhile: this in the upper half of its key, the table's OID in the lower half.
constexpr uint32_t kSwapWaitsLock = 1952539251;

struct TableGeneration {
  bool known = false;
  std::string relation;  // in schema mirror; empty while it is not known
  uint64_t number = 0;
  uint64_t rows = 0;
  int64_t source_time = INT64_MIN;  // seconds since 1970; INT64_MIN: the source does not say
  int64_t loaded_at = 0;            // seconds since 1970
  // Another one each time that `relation` changed, never used for two tables; 0: it is the table's name.
  uint64_t epoch = 0;
  // Of the generation: another number for each load, in whatever cluster; a rollback brings it back. 0: not
  // known.
  uint64_t identity = 0;

  // The newest change that it holds, if it is known.
  int64_t modified() const { return source_time != INT64_MIN ? source_time : loaded_at; }
};

class TableGenerations {
 public:
  explicit TableGenerations(const Manifest& manifest);

  // Takes over what was read: begin(), row() for each row, end(). Tables without a row are not known any
  // more.
  void begin();
  // `cells`: kGenerationColumns of them, or kStampedGenerationColumns where `stamped`. False: it is no row of
  // that table; the row is left out.
  bool row(const Cell* cells, bool stamped);
  void end();

  // By places in Manifest::tables.
  const std::vector<TableGeneration>& all() const { return tables_; }
  const std::string& name(size_t place) const { return manifest_.tables[place]; }
  // Where a table of the manifest is read, in schema mirror; its own name while nothing else is known. Valid
  // until the next row().
  std::string_view relation(std::string_view name) const;
  // The generation of a table that is read under another name than its own, by its number.
  std::optional<uint64_t> pointed(std::string_view name) const;
  // A table of the API has another name in the mirror than its own.
  bool reads_pointer(const Api& api) const;
  // Tells apart the SQL of an API before and after one of its tables moved. 0: none ever did.
  uint64_t epoch(const Api& api) const;
  // When an API's tables were changed, of several the one that was changed first: no row is older than this
  // says. Seconds since 1970; INT64_MIN: of one it is not known.
  int64_t modified(const Api& api) const;
  // What is known is what the mirror had under this stamp; 0: no stamp is known.
  uint64_t stamp() const { return stamp_; }
  // One number for the generations of the API's tables, in their order; 0: one of them is not known.
  uint64_t identity(const Api& api) const;
  // Gives the stamp after it has locked the relations that the API's statement reads: none of them is
  // replaced until the transaction ends.
  std::string stamp_sql(const Api& api) const;

 private:
  const TableGeneration* find(std::string_view name) const;

  const Manifest& manifest_;
  std::vector<TableGeneration> tables_;
  std::vector<bool> seen_;
  uint64_t last_epoch_ = 0;
  uint64_t stamp_ = 0;
  size_t pointers_ = 0;  // tables that stand under another name than their own
};

}  // namespace tablegate::core
