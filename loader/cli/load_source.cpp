#include "cli/load_source.hpp"

#include <fmt/format.h>

#include "catalog/refusal.hpp"
#include "source/csv.hpp"
#include "source/ddl_lexer.hpp"
#include "source/seed.hpp"

namespace tablegate::loader {
namespace {

char read_delimiter(const std::string& text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    throw WrongUsage("--delimiter is one byte (\\t for a tab), no quote and no line end");
  }
  return text[0];
}

struct From {
  std::string scheme;
  std::string rest;
};

constexpr const char* kForms = "--from is csv:FILE, sql:FILE or maxcompute:";

// --from SCHEME:REST, else the data source's own.
From from_of(const LoadOptions& options, const TableSpec& spec) {
  const std::string next = fmt::format("tablegate table load {} --from csv:FILE", spec.name);
  if (options.from.empty() && spec.source_type == "csv") {
    if (spec.source_path.empty())
      throw Refused(fmt::format("DataSource \"{}\" has no path", spec.source_name), next);
    return {"csv", spec.source_path};
  }
  if (options.from.empty()) return {spec.source_type, ""};
  const size_t colon = options.from.find(':');
  if (colon == std::string::npos) throw WrongUsage(kForms, next);
  From from{options.from.substr(0, colon), options.from.substr(colon + 1)};
  if (from.scheme == "postgresql") throw Refused("--from postgresql: is not supported yet", next);
  if (from.scheme != "csv" && from.scheme != "sql" && from.scheme != "maxcompute")
    throw WrongUsage(kForms, next);
  if (from.scheme == "maxcompute") {
    if (!from.rest.empty())
      throw WrongUsage("--from maxcompute: takes no name: it is the Table's source_table", next);
    if (spec.source_type != "maxcompute") {
      throw Refused(
          fmt::format("DataSource \"{}\" is of type {}, not maxcompute", spec.source_name, spec.source_type),
          next);
    }
  } else if (from.rest.empty()) {
    throw WrongUsage(fmt::format("--from {}: names no file", from.scheme), next);
  }
  return from;
}

std::unique_ptr<TableSource> open_csv(const LoadOptions& options, const TableSpec& spec,
                                      const std::string& path) {
  CsvOptions csv;
  csv.path = path;
  csv.header = options.header;
  csv.delimiter = read_delimiter(options.delimiter);
  csv.null = options.null;
  return std::make_unique<CsvSource>(csv, spec.column_names());
}

// An option that another source would heed must not be passed over in silence.
void refuse_foreign_options(const LoadOptions& options, const std::string& scheme) {
  const bool of_csv = options.header || options.delimiter != "," || !options.null.empty();
  if (of_csv && scheme != "csv")
    throw WrongUsage(fmt::format("--header, --delimiter and --null are for csv:, not for {}:", scheme));
  const MaxComputeOptions plain;
  const MaxComputeOptions& given = options.maxcompute;
  const bool of_maxcompute = !given.partitions.empty() || given.all_partitions ||
                             !given.credentials.empty() || given.jobs != plain.jobs ||
                             given.encoding != plain.encoding;
  if (of_maxcompute && scheme != "maxcompute") {
    throw WrongUsage(
        fmt::format("--partition, --all-partitions, --jobs, --credentials and --compression are for "
                    "maxcompute:, not for {}:",
                    scheme));
  }
  if (given.all_partitions && !given.partitions.empty())
    throw WrongUsage("--all-partitions and --partition exclude each other");
  if (options.mode.full && options.mode.merge) throw WrongUsage("--full and --merge exclude each other");
}

// What the command line says, else what the Table does.
MaxComputeOptions choose_partitions(const LoadOptions& options, const TableSpec& spec) {
  MaxComputeOptions chosen = options.maxcompute;
  if (chosen.all_partitions || !chosen.partitions.empty()) return chosen;
  if (spec.partitions == std::vector<std::string>{"*"}) {
    chosen.all_partitions = true;
  } else {
    chosen.partitions = spec.partitions;
    chosen.of_table = true;
  }
  return chosen;
}

}  // namespace

std::unique_ptr<TableSource> open_source(const LoadOptions& options, const TableSpec& spec) {
  const From from = from_of(options, spec);
  refuse_foreign_options(options, from.scheme);
  if (from.scheme == "csv") return open_csv(options, spec, from.rest);
  if (from.scheme == "maxcompute") {
    return std::make_unique<MaxComputeSource>(read_project(spec.source_definition),
                                              lower_name(spec.source_table), spec.columns,
                                              choose_partitions(options, spec));
  }
  SeedTable seed{{lower_name(spec.source_table_name()), spec.name}, spec.columns};
  return std::make_unique<SeedSource>(from.rest, std::move(seed));
}

}  // namespace tablegate::loader
