// The physical side of a mirror: schema `mirror` of the mirror's database.
// mirror.NAME is what gateways read; other generations stand beside it as
// NAME__g<N>. Which generation a table is, and how many rows it was loaded
// with, is written in its comment, which follows every rename: that, not the
// catalog, is the truth when a loader died between the two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/database.hpp"

namespace tablegate::loader {

struct GenerationTable {
  std::string relation;  // its name now
  int64_t generation = 0;
  int64_t rows = 0;
};

std::string generation_name(const std::string& table, int64_t generation);
std::string mirror_name(const std::string& relation);  // "mirror"."relation"

// Takes the table's loader lock until the session ends. Throws Refused, naming the session, when another
// holds it.
void lock_table_for_load(Database& mirror, const std::string& table);

// Works as tablegate_owner, to whom the tables belong, without time limits.
void become_owner(Database& mirror);

// All tables of ours that belong to `table`, the serving one too. Throws Refused where a foreign table has
// its name.
std::vector<GenerationTable> list_generations(Database& mirror, const std::string& table);
// The one that gateways read.
std::optional<GenerationTable> serving_generation(const std::vector<GenerationTable>& tables,
                                                  const std::string& table);

// Marks a table, inside the transaction that makes it.
void mark_generation(Database& mirror, const GenerationTable& table);

// Puts `next` in the place of `serving` in one short transaction. Never makes readers wait longer than 50 ms
// at a time: tries again, and throws SystemFailure after about half a minute of failed tries.
void swap_generation(Database& mirror, const std::string& table,
                     const std::optional<GenerationTable>& serving, const GenerationTable& next);

// Drops generations. One that a reader still holds stays for the next load.
void drop_generations(Database& mirror, const std::vector<std::string>& relations);

}  // namespace tablegate::loader
