#include "source/csv/csv_rejects.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string bad_row_text(const BadRow& row) {
  std::string text = row.line == 0 ? row.file : fmt::format("{}, line {}", row.file, row.line);
  if (!row.column.empty()) text += fmt::format(", column \"{}\"", row.column);
  return fmt::format("{}: {}", text, row.reason);
}

void CsvRejects::open() {
  // An older file may be readable by others.
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
    throw SystemFailure(fmt::format("cannot replace {}: {}", path_, std::strerror(errno)),
                        Hint::again().set("--rejects", "FILE"));
  const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0)
    throw SystemFailure(fmt::format("cannot write {}: {}", path_, std::strerror(errno)),
                        Hint::again().set("--rejects", "FILE"));
  ::close(descriptor);
  out_.open(path_, std::ios::binary);
  out_ << "file,line,column,reason,record\n";
}

void CsvRejects::add(const BadRow& row, std::string_view record) {
  if (count_ == 0) open();
  ++count_;
  out_ << quoted(row.file) << ',' << row.line << ',' << quoted(row.column) << ',' << quoted(row.reason) << ','
       << quoted(record) << '\n';
  if (count_ <= limit_) return;
  close();
  throw Refused(fmt::format("{}; more than --max-errors {} rows are bad; {} holds those found so far",
                            bad_row_text(row), limit_, path_));
}

void CsvRejects::close() {
  if (count_ == 0 || !out_.is_open()) return;
  out_.close();
  if (out_.fail()) throw SystemFailure(fmt::format("cannot write {}", path_), Hint::program("df ."));
}

}  // namespace tablegate::loader
