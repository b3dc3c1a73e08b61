// The physical side of a mirror: schema `mirror` of the mirror's database.
// mirror.NAME is what gateways read (with swap "pointer" what the table's row of
// mirror.tablegate_tables names); other generations stand beside it as
// NAME__g<N>. Which generation a table is, and how many rows it was loaded
// with, is written in its comment, which follows every rename: that, not the
// catalog, is the truth when a loader died between the two. All changes go
// through the functions of schema mirror_load (schema/mirror/functions.sql), which work as
// tablegate_owner: who loads owns nothing and can write to no table that serves.
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
  std::string relation;  // its name now
  int64_t generation = 0;
  int64_t rows = 0;
  bool serving = false;  // gateways read it
};

// What mirror.tablegate_tables tells of the generation that a swap makes the serving one.
struct SwapDetails {
  std::optional<std::string> source_time;  // as PostgreSQL reads it; not set: not told
  std::optional<std::string> loaded_at;    // not set: now
  std::optional<std::string> strategy;     // "rename", "pointer"; not set: as the table is swapped now
};

std::string generation_name(const std::string& table, int64_t generation);
std::string mirror_name(const std::string& relation);  // "mirror"."relation"

// Takes the table's loader lock until the session ends. Throws Refused, naming the session, when another
// holds it.
void lock_table_for_load(Database& mirror, const std::string& table);

// Makes the session fit for long work. Throws Refused where the mirror was not prepared by `init`, or the
// user is no developer.
void open_load_session(Database& mirror);

// A session that idles while rows come, the catalog's: it is not ended for that (PostgreSQL 14 on).
void keep_session(Database& database);

// All tables of ours that belong to `table`, the serving one too. Throws Refused where a foreign table has
// its name.
std::vector<GenerationTable> list_generations(Database& mirror, const std::string& table);
// The one that gateways read.
std::optional<GenerationTable> serving_generation(const std::vector<GenerationTable>& tables);

// An empty table for the generation, to COPY into: generation_name().
void create_generation(Database& mirror, const std::string& table, int64_t generation,
                       const std::vector<TableColumn>& columns);

// Puts generation `next` in the place of the serving one in one short transaction. Makes readers wait at most
// 50 ms at a time; where queries overlap without a gap, longer after some seconds, up to 4 s. Throws
// SystemFailure after three minutes of failed tries.
void swap_generation(Database& mirror, const std::string& table, int64_t next, const SwapDetails& details);

// Drops generations that do not serve. One that a reader still holds stays for the next load.
void drop_generations(Database& mirror, const std::string& table, const std::vector<int64_t>& generations);

// Drops all of a Table whose definition is gone; what is in use stays for its next load. require_droppable
// throws Refused where this user never may: without a catalog beside it the mirror cannot tell what is still
// in use.
void require_droppable(Database& mirror, const std::string& table);
void drop_table(Database& mirror, const std::string& table);

}  // namespace tablegate::loader
