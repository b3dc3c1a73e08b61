#include "source/csv/csv_batch.hpp"

#include <utility>

namespace tablegate::loader {
namespace {

constexpr size_t kBatch = size_t{4} << 20;
constexpr size_t kSend = size_t{1} << 18;

}  // namespace

CsvBatch::CsvBatch(Database& database, std::string table, std::vector<std::string> columns, Reject reject)
    : database_(database),
      table_(std::move(table)),
      columns_(std::move(columns)),
      reject_(std::move(reject)) {}

void CsvBatch::end_row(uint64_t line, std::string_view record) {
  records_ += record;
  ends_.push_back({rows_.size(), records_.size(), line});
  if (rows_.size() - sent_ >= kSend) send();
  if (rows_.size() >= kBatch) flush();
}

std::string_view CsvBatch::text(size_t begin, size_t end) const {
  const size_t from = begin == 0 ? 0 : ends_[begin - 1].end;
  return rows_.written().substr(from, ends_[end - 1].end - from);
}

// PostgreSQL works on the beginning of a batch while the rest is read.
void CsvBatch::send() {
  if (stream_ == nullptr) {
    database_.script("SAVEPOINT tablegate_batch");
    stream_ = std::make_unique<CopyStream>(database_, table_, columns_, false, "");
  }
  stream_->send(rows_.written().substr(sent_));
  sent_ = rows_.size();
}

bool CsvBatch::settle(CopyStream& stream, CopyFault& fault) {
  int64_t rows = 0;
  if (stream.finish(rows, fault)) {
    database_.script("RELEASE SAVEPOINT tablegate_batch");
    taken_ += rows;
    return true;
  }
  database_.script("ROLLBACK TO SAVEPOINT tablegate_batch; RELEASE SAVEPOINT tablegate_batch");
  return false;
}

bool CsvBatch::try_copy(size_t begin, size_t end, CopyFault& fault) {
  database_.script("SAVEPOINT tablegate_batch");
  CopyStream stream(database_, table_, columns_, false, "");
  stream.send(text(begin, end));
  return settle(stream, fault);
}

// Sends rows again that PostgreSQL has accepted once.
void CsvBatch::copy(size_t begin, size_t end) {
  CopyFault fault;
  if (begin < end && !try_copy(begin, end, fault)) throw DatabaseError(fault.sqlstate, fault.message);
}

void CsvBatch::flush() {
  if (ends_.empty()) return;
  send();
  CopyFault fault;
  size_t begin = 0;
  bool good = settle(*stream_, fault);
  stream_.reset();
  while (!good) {
    if (!fault.of_data || begin + fault.line > ends_.size())
      throw DatabaseError(fault.sqlstate, fault.message);
    const size_t bad = begin + fault.line - 1;
    copy(begin, bad);
    const size_t from = bad == 0 ? 0 : ends_[bad - 1].record_end;
    reject_(fault, ends_[bad].line, std::string_view(records_).substr(from, ends_[bad].record_end - from));
    begin = bad + 1;
    fault = {};
    good = begin == ends_.size() || try_copy(begin, ends_.size(), fault);
  }
  rows_.clear();
  records_.clear();
  ends_.clear();
  sent_ = 0;
}

int64_t CsvBatch::finish() {
  flush();
  return taken_;
}

}  // namespace tablegate::loader
