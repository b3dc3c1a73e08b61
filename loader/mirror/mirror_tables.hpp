// The physical side of a mirror: schema `mirror` of the mirror's database.
// Gateways read mirror.NAME (with swap "pointer" the table that
// mirror.tablegate_tables names); other generations are beside it as
// NAME__g<N>. The generation of a table and its number of loaded rows are in
// its comment, which follows every rename: after a loader died between mirror
// and catalog, the comment is right. All changes go through the functions of
// schema mirror_load (schema/mirror/functions.sql), which run as
// tablegate_owner: the loading user owns nothing and cannot write to a serving
// table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/database.hpp"
#include "model/ddl.hpp"

namespace tablegate::loader {

struct GenerationTable {
  std::string relation;  // its present name
  int64_t generation = 0;
  int64_t rows = 0;
  bool serving = false;                  // gateways read it
  std::optional<std::string> loaded_at;  // of the serving one: SwapDetails'
};

// What a swap writes to mirror.tablegate_tables about the new serving generation.
struct SwapDetails {
  std::optional<std::string> source_time;  // as PostgreSQL reads it; not set: not known
  std::optional<std::string> loaded_at;    // not set: now
  std::optional<std::string> strategy;     // "rename", "pointer"; not set: as the table is swapped now
};

std::string generation_name(const std::string& table, int64_t generation);
std::string mirror_name(const std::string& relation);  // "mirror"."relation"

// The lock of a table's loads, held by a session of its own for as long as this exists: a load is several
// transactions. Throws Refused, naming the holder, when another one holds it.
class TableLock {
 public:
  TableLock(const Database& mirror, const std::string& table);

 private:
  Database session_;
  Transaction transaction_;
};

// Prepares the session for long work. Throws Refused where `init` has not prepared the mirror, or the user is
// not a developer.
void open_load_session(Database& mirror);

// For a session that is idle while rows arrive, the catalog's: it must not be ended for being idle
// (PostgreSQL 14 and later).
void keep_session(Database& database);

// All generations of `table`, the serving one too. Throws Refused if a table that we did not make has its
// name.
std::vector<GenerationTable> list_generations(Database& mirror, const std::string& table);
// The generation that gateways read.
std::optional<GenerationTable> serving_generation(const std::vector<GenerationTable>& tables);

// An empty table for the generation, to COPY into: generation_name().
void create_generation(Database& mirror, const std::string& table, int64_t generation,
                       const std::vector<TableColumn>& columns);

// Replaces the serving generation with `next` in one short transaction. Makes readers wait at most 50 ms at a
// time; where queries overlap without a gap, longer after some seconds, up to 4 s. Throws SystemFailure after
// three minutes of failed attempts. Returns loaded_at as the mirror has it now.
std::string swap_generation(Database& mirror, const std::string& table, int64_t next,
                            const SwapDetails& details);

// Drops generations that do not serve. The next load drops those that are still in use.
void drop_generations(Database& mirror, const std::string& table, const std::vector<int64_t>& generations);

// Drops everything of a Table whose definition is deleted; the next load drops what is still in use.
// require_droppable throws Refused where this user never may: without the catalog in the same database, the
// mirror cannot see what is still in use.
void require_droppable(Database& mirror, const std::string& table);
void drop_table(Database& mirror, const std::string& table);

}  // namespace tablegate::loader
