// An API compiled to what its manifest line says: the statement program with
// quoted identifiers, the parameters, the types of the columns that it was
// committed against, and the tables and columns that it reads. What the gateway
// cannot serve yet is rejected here again, with a clear error.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/manifest/internal_value.hpp"
#include "core/plan/node.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

struct CompiledParameter {
  std::string name, place, type, column_type;
  bool required = true;
  bool list = false;     // takes a list of values
  bool pattern = false;  // of LIKE
  std::optional<DefaultOrSample> default_value, sample;
  std::string time_zone;  // empty: the parameter is no instant
};

struct CompiledColumn {
  std::string name, type;
  std::string mask;  // empty: none
  bool as_string = false;
  bool wall = false;  // the same instant in the table's zone follows it in the SELECT
};

// Of an API whose answer is a page.
struct CompiledPages {
  int64_t default_size = 0, max_size = 0;  // rows
  bool total = true;
  bool cursors = true;                   // the order of the rows is total
  std::vector<std::string> tables = {};  // names, of several
};

// A mirrored table that an API reads, and the columns that its statement and answer need, with the types that
// it is compiled against.
struct TableReads {
  std::string table;
  std::map<std::string, std::string> columns;  // name -> type as the manifest names it
};

struct CompiledApi {
  std::string name, method, path, resource_group, result, envelope;
  std::vector<std::string> formats;  // the default one first
  bool csv_safe = false;
  int64_t timeout_ms = 0;
  int64_t stream_timeout_ms = kDefaultStreamTimeoutMs;
  int64_t max_records = 0;
  bool point = false;
  std::optional<CompiledPages> pages;  // where result is page
  bool rejects_unknown = false;
  bool query_method = false;
  bool coalesce = true;   // requests may share a statement
  bool by_keys = false;   // also with other values
  bool changing = false;  // its rows depend on the time
  CacheRule cache;
  std::vector<std::string> authentication;
  std::optional<HmacRule> hmac;  // where authentication lists it
  std::optional<ApiKeySource> api_key_source;
  core::Nodes statement;  // its program; numbers are places in `parameters`, then in `internal`
  std::vector<CompiledParameter> parameters;  // those of the definition, then format, then those of pages
  std::vector<core::InternalValue> internal;
  std::vector<CompiledColumn> columns;
  std::vector<TableReads> reads;  // by table

  bool has_format_parameter() const { return formats.size() > 1; }
};

// Throws Refused, naming the API and the field.
CompiledApi compile_api(const ApiEntry& entry);

}  // namespace tablegate::loader
