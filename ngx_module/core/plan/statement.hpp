// The SQL of a request: the API's SELECT with the conditions of the parameters
// that are present. Made only when a connection prepares it; requests carry the
// key (API, mask).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "core/plan/table_generations.hpp"

namespace tablegate::core {

// "SELECT ... WHERE c1 = $1 AND c2 = $2 ... LIMIT n"; `mask` as in BoundValues. Tables are read where
// `generations` says they are; null: under their names.
std::string statement_sql(const Api& api, uint64_t mask, const TableGenerations* generations = nullptr);

// The types of its placeholders, by OID: the columns' types, so that indexes serve.
std::vector<uint32_t> statement_types(const Api& api, uint64_t mask);

// "name" with quotes doubled, as PostgreSQL reads identifiers (manual, 4.1.1).
std::string quote_identifier(std::string_view name);
// "mirror"."name"
std::string mirror_relation(std::string_view name);

}  // namespace tablegate::core
