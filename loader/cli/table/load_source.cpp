#include "cli/table/load_source.hpp"

#include <fmt/format.h>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "model/allowed_sources.hpp"
#include "model/ddl_lexer.hpp"
#include "source/csv/csv.hpp"
#include "source/postgresql/postgresql_source.hpp"
#include "source/seed/seed_source.hpp"

namespace tablegate::loader {
namespace {

struct From {
  std::string scheme;
  std::string rest;
};

constexpr const char* kForms = "--from must be csv:FILE, sql:FILE, postgresql:DSN or maxcompute:";

// --from SCHEME:REST, else the data source's own.
From from_of(const LoadOptions& options, const TableSpec& spec) {
  const Hint next = Hint::again().set("--from", "csv:FILE");
  if (options.from.empty() && spec.source_type == "csv") {
    if (spec.source.path.empty())
      throw Refused(fmt::format("DataSource \"{}\" has no path", spec.source_name), next);
    return {"csv", spec.source.path};
  }
  if (options.from.empty() && spec.source_type == "postgresql") {
    return {"postgresql", spec.source.dsn};
  }
  if (options.from.empty()) return {spec.source_type, ""};
  const size_t colon = options.from.find(':');
  if (colon == std::string::npos) throw WrongUsage(kForms, next);
  From from{options.from.substr(0, colon), options.from.substr(colon + 1)};
  if (from.scheme == "postgres" || (from.scheme == "postgresql" && from.rest.compare(0, 2, "//") == 0))
    return {"postgresql", options.from};  // a URL is its own dsn
  if (from.scheme != "csv" && from.scheme != "sql" && from.scheme != "maxcompute" &&
      from.scheme != "postgresql")
    throw WrongUsage(kForms, next);
  if (from.scheme == "maxcompute") {
    if (!from.rest.empty())
      throw WrongUsage("--from maxcompute: takes no name; the Table's source_table names the table", next);
    if (spec.source_type != "maxcompute") {
      throw Refused(
          fmt::format("DataSource \"{}\" is of type {}, not maxcompute", spec.source_name, spec.source_type),
          next);
    }
  } else if (from.rest.empty()) {
    throw WrongUsage(fmt::format("--from {}: names no {}", from.scheme,
                                 from.scheme == "postgresql" ? "database (host=... dbname=...)" : "file"),
                     next);
  }
  return from;
}

// An option that another source would heed must not be passed over in silence.
void refuse_foreign_options(const LoadOptions& options, const std::string& scheme) {
  if (options.csv.given() && scheme != "csv") {
    throw WrongUsage(fmt::format(
        "--header, --delimiter, --null and the other options of files apply to csv:, not to {}:", scheme));
  }
  const MaxComputeOptions plain;
  const MaxComputeOptions& given = options.maxcompute;
  const bool of_maxcompute = given.all_partitions || !given.credentials.empty() || given.jobs != plain.jobs ||
                             given.encoding != plain.encoding;
  if (of_maxcompute && scheme != "maxcompute") {
    throw WrongUsage(fmt::format(
        "--all-partitions, --jobs, --credentials and --compression apply to maxcompute:, not to {}:",
        scheme));
  }
  if (!given.partitions.empty() && scheme != "maxcompute" && scheme != "csv")
    throw WrongUsage(fmt::format("--partition applies to maxcompute: and csv:, not to {}:", scheme));
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

std::map<std::string, DdlType> nested_types(const TableSpec& spec) {
  return spec.ddl.empty() ? std::map<std::string, DdlType>() : parse_nested_types(spec.ddl);
}

// The files that may be opened. Throws Refused for a source that is not allowed.
FileRoot allowed_files(const LoadOptions& options, const TableSpec& spec) {
  if (options.allowed.empty()) return {};
  if (!options.from.empty())
    throw WrongUsage(
        "--from and --allow-source exclude each other: a list is for the data sources of tables");
  const AllowedSources allowed(options.allowed);
  if (const std::string missing = allowed.missing(spec.source); !missing.empty()) {
    // Others write what a definition names: no hint proposes to allow it.
    throw Refused(fmt::format("DataSource \"{}\": {} is not an allowed source (--allow-source, {})",
                              spec.source_name, missing, sources_file()),
                  Hint::command({"get", "datasource", spec.source_name}));
  }
  return spec.source_type == "csv" && !spec.source.path.empty() ? FileRoot(allowed.root_of(spec.source.path))
                                                                : FileRoot();
}

}  // namespace

std::unique_ptr<TableSource> open_source(const LoadOptions& options, const TableSpec& spec) {
  const From from = from_of(options, spec);
  refuse_foreign_options(options, from.scheme);
  FileRoot files = allowed_files(options, spec);
  if (from.scheme == "csv") {
    CsvOptions csv = csv_options(options.csv, options.maxcompute.partitions, from.rest, spec);
    csv.root = std::move(files);
    return std::make_unique<CsvSource>(std::move(csv), spec.columns, nested_types(spec));
  }
  if (from.scheme == "maxcompute") {
    return std::make_unique<MaxComputeSource>(project_of(spec.source), core::to_lower(spec.source_table),
                                              spec.columns, choose_partitions(options, spec));
  }
  if (from.scheme == "postgresql") {
    return std::make_unique<PostgresSource>(PostgresRows{from.rest, spec.source_table, spec.source_query},
                                            spec.columns);
  }
  SeedTable seed{{core::to_lower(spec.source_table_name()), spec.name}, spec.columns, nested_types(spec)};
  return std::make_unique<SeedSource>(from.rest, std::move(seed));
}

}  // namespace tablegate::loader
