#include "source/seed/seed_source.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/refusal.hpp"
#include "source/byte_source.hpp"
#include "source/copy_stream.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxSeed = size_t{64} << 20;
constexpr size_t kChunk = size_t{1} << 18;

}  // namespace

SeedSource::SeedSource(std::string path, SeedTable table) : path_(std::move(path)), table_(std::move(table)) {
  shown_ = path_ == "-" ? "standard input" : path_;
  const std::unique_ptr<ByteSource> bytes = open_bytes(path_);
  if (path_ != "-") time_ = file_time(path_);
  std::string chunk(kChunk, '\0');
  while (const size_t got = bytes->read(chunk.data(), chunk.size())) {
    text_.append(chunk, 0, got);
    if (text_.size() > kMaxSeed) {
      throw Refused(
          fmt::format("{}: is longer than {} MiB, the limit of a seed file", shown_, kMaxSeed >> 20U),
          Hint::again().set("--from", "csv:FILE"));
    }
  }
}

int64_t SeedSource::copy_into(Database& database, const std::string& table, bool freeze,
                              const ProgressWatch& progress) {
  std::vector<std::string> names;
  for (const TableColumn& column : table_.columns) names.push_back(column.name);
  CopyStream stream(database, table, names, freeze, "");
  CopyText copy;
  std::vector<size_t> lines;  // of each row, for rows that only PostgreSQL rejects
  bool failed = false;
  const auto flush = [&] { failed = failed || !stream.send(copy.take()); };
  try {
    read_seed(text_, table_, copy, [&](size_t line) {
      lines.push_back(line);
      if (copy.size() < kChunk) return;
      flush();
      progress({lines.size(), 0, text_.size()});
    });
  } catch (const Refused& refused) {  // the reader of DDL names every text "ddl"
    throw Refused(shown_ + std::string(refused.what()).substr(3), refused.next());
  }
  flush();
  progress({lines.size(), text_.size(), text_.size()});
  int64_t rows = 0;
  CopyFault fault;
  if (stream.finish(rows, fault)) return rows;
  if (fault.line == 0 || fault.line > lines.size()) fault.of_data = false;
  refuse_rows(fault, shown_,
              fault.of_data ? fmt::format("{}, line {}", shown_, lines[fault.line - 1]) : shown_);
}

}  // namespace tablegate::loader
