#include "source/csv/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/time_zone.hpp"
#include "source/file_list.hpp"

namespace tablegate::loader {
namespace {

// Bytes of regular files; 0 where one is none.
uint64_t size_of_all(const std::vector<std::string>& paths, const FileRoot& root) {
  uint64_t total = 0;
  for (const std::string& path : paths) {
    struct stat about {};
    if (!root.stat(path, about) || !S_ISREG(about.st_mode)) return 0;
    total += static_cast<uint64_t>(about.st_size);
  }
  return total;
}

// The time of the newest change; nullopt where one of the files has none.
std::optional<SourceTime> newest_of(const std::vector<std::string>& paths, const FileRoot& root) {
  std::optional<SourceTime> newest;
  for (const std::string& path : paths) {
    const std::optional<SourceTime> time = file_time(path, root);
    if (!time) return std::nullopt;
    newest = std::max(newest, time);
  }
  return newest;
}

void check_constant(const TableColumn& column, const std::string& value) {
  TimeKind kind{};
  if (!time_kind(column.type, kind)) return;
  try {
    check_iso_time(value, kind);
  } catch (const BadTime& bad) {
    throw Refused(fmt::format("--partition {}={}: {}", column.name, value, bad.what()));
  }
}

// While this object lives, times without an offset belong to `zone`.
class ZoneOfTimes {
 public:
  ZoneOfTimes(Database& database, const std::string& zone) : database_(database) {
    if (zone.empty()) return;
    if (const std::string reason = bad_time_zone(zone); !reason.empty())
      throw Refused(fmt::format("--zone: {}", reason), "--zone Asia/Shanghai");
    if (database.query("SELECT FROM pg_catalog.pg_timezone_names WHERE name = $1", {zone}).empty()) {
      throw Refused(
          fmt::format("--zone: PostgreSQL does not know the time zone \"{}\" (names such as Asia/Shanghai)",
                      zone),
          "psql -c 'SELECT name FROM pg_timezone_names'");
    }
    before_ = database.query("SELECT pg_catalog.current_setting('timezone')").string(0, 0);
    set(zone);
  }
  void restore() {
    if (!before_.empty()) set(before_);
  }

 private:
  void set(const std::string& zone) {
    database_.query("SELECT pg_catalog.set_config('timezone', $1, true)", {zone});
  }

  Database& database_;
  std::string before_;
};

}  // namespace

CsvSource::CsvSource(CsvOptions options, std::vector<TableColumn> columns,
                     std::map<std::string, DdlType> nested)
    : options_(std::move(options)),
      columns_(std::move(columns)),
      nested_(std::move(nested)),
      rejects_(options_.rejects, options_.max_errors.value_or(0)) {
  for (const TableColumn& column : columns_) {
    const auto constant = std::find_if(options_.constants.begin(), options_.constants.end(),
                                       [&column](const auto& one) { return one.first == column.name; });
    if (constant == options_.constants.end())
      names_.push_back(column.name);
    else
      check_constant(column, constant->second);
  }
  paths_ = list_files(options_.path, options_.root);
  total_ = size_of_all(paths_, options_.root);
  time_ = newest_of(paths_, options_.root);
  first_ = std::make_unique<CsvFile>(paths_[0], options_, names_);
}

std::string CsvSource::remark() const {
  if (rejects_.count() == 0) return {};
  return fmt::format("{} bad {}, not loaded: {}", rejects_.count(), rejects_.count() == 1 ? "row" : "rows",
                     rejects_.path());
}

int64_t CsvSource::copy_into(Database& database, const std::string& table, bool freeze,
                             const ProgressWatch& progress) {
  ZoneOfTimes zone(database, options_.zone);
  const int64_t rows = copy_files(database, table, freeze, progress);
  zone.restore();
  return rows;
}

int64_t CsvSource::copy_files(Database& database, const std::string& table, bool freeze,
                              const ProgressWatch& progress) {
  int64_t rows = 0;
  for (const std::string& path : paths_) {
    const std::unique_ptr<CsvFile> file =
        first_ != nullptr ? std::move(first_) : std::make_unique<CsvFile>(path, options_, names_);
    rows += options_.max_errors    ? copy_good_rows(*file, database, table, progress)
            : as_copy_reads(*file) ? copy_bytes(*file, database, table, freeze, progress)
                                   : copy_rows(*file, database, table, freeze, progress);
    rows_done_ = static_cast<uint64_t>(rows);
    bytes_done_ += file->bytes().consumed();
  }
  rejects_.close();
  return rows;
}

void CsvSource::report(CsvFile& file, const ProgressWatch& progress, uint64_t rows) {
  progress({rows_done_ + rows, bytes_done_ + file.bytes().consumed(), total_});
}

std::vector<FieldWriter> CsvSource::writers_of(const CsvFile& file) const {
  std::vector<FieldWriter> writers;
  for (const std::string& name : file.columns()) {
    const auto column = std::find_if(columns_.begin(), columns_.end(),
                                     [&name](const TableColumn& one) { return one.name == name; });
    const auto type = nested_.find(name);
    writers.emplace_back(*column, options_, type == nested_.end() ? nullptr : &type->second);
  }
  return writers;
}

std::vector<std::string> CsvSource::copied_columns(const CsvFile& file) const {
  std::vector<std::string> names = file.columns();
  for (const auto& constant : options_.constants) names.push_back(constant.first);
  return names;
}

bool CsvSource::as_copy_reads(CsvFile& file) const {
  if (options_.format != RowFormat::csv || options_.quotes != CsvQuotes::strict || file.bytes().converts() ||
      !options_.constants.empty())
    return false;
  const std::vector<FieldWriter> writers = writers_of(file);
  return std::all_of(writers.begin(), writers.end(), [this](const FieldWriter& writer) {
    // COPY has one NULL marker: an empty number beside another marker is not NULL for it.
    return writer.as_copy_reads() && (writer.is_text() || options_.null.empty());
  });
}

}  // namespace tablegate::loader
