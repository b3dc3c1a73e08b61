// An Api of the catalog turned into what its manifest line says: the statement
// program with quoted identifiers, the parameters, the types of the columns
// that it was committed against. What the gateway cannot serve yet is refused
// here once more, by name, whoever let it into the catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compile/manifest_writer.hpp"
#include "core/plan/node.hpp"

namespace tablegate::loader {

struct CompiledParameter {
  std::string name, place, type, column_type;
  bool required = true;
  std::optional<std::string> default_value;
  std::string time_zone;  // empty: the parameter is no instant
  std::string sample;     // for tests, empty: none
  bool has_sample = false;
};

struct CompiledColumn {
  std::string name, type;
  bool as_string = false;
  bool wall = false;  // the same instant in the table's zone follows it in the SELECT
};

// How an API proves HMAC signatures; the definition's defaults filled in.
struct CompiledHmac {
  std::vector<std::string> methods = {"HmacSHA256"};
  bool require_nonce = false;
  bool require_content_md5 = true;
};

struct CompiledApi {
  std::string name, method, path, resource_group, result;
  int64_t timeout_ms = 3000;
  int64_t max_records = 2000;
  bool point = false;
  std::vector<std::string> authentication;
  std::optional<CompiledHmac> hmac;                                   // where authentication lists it
  std::optional<std::pair<std::string, std::string>> api_key_source;  // in, name
  core::Nodes statement;  // its program; numbers are places in `parameters`
  std::vector<CompiledParameter> parameters;
  std::vector<CompiledColumn> columns;
};

// Throws Refused, naming the API and the field.
CompiledApi compile_api(const ApiEntry& entry);

}  // namespace tablegate::loader
