#include "source/csv/record_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

uint64_t count_lines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

RecordReader::RecordReader(ByteSource& bytes, const CsvOptions& options, std::string label, size_t chunk)
    : bytes_(bytes),
      options_(options),
      label_(std::move(label)),
      chunk_(chunk),
      record_end_(options.record_end) {
  for (const char c : {'\n', '\r', options.delimiter[0]}) special_[static_cast<unsigned char>(c)] = true;
}

std::string RecordReader::place_of(uint64_t line, uint64_t record) const {
  const bool lines =
      options_.format == RowFormat::csv || record_end_.empty() || record_end_.find('\n') != std::string::npos;
  return lines && line != 0 ? fmt::format("line {}", line) : fmt::format("record {}", record);
}

// Reads more bytes behind those in the buffer; drops what lies before the record.
bool RecordReader::fill() {
  if (at_end_) return false;
  buffer_.erase(0, end_);
  begin_ = end_ = 0;
  const size_t before = buffer_.size();
  if (before > kMaxRecord) refuse_endless();
  const size_t wanted = std::max(chunk_, before);
  buffer_.resize(before + wanted);
  const size_t got = bytes_.read(buffer_.data() + before, wanted);
  buffer_.resize(before + got);
  at_end_ = got == 0;
  return !at_end_;
}

void RecordReader::refuse_endless() const {
  throw Refused(fmt::format(
      "{}, {}: the record that begins here does not end{}", label_, place_of(next_line_, record_ + 1),
      options_.format == RowFormat::csv ? " (an open quote?)" : " (another --record-end?)"));
}

void RecordReader::add_piece(const Piece& piece) {
  if (pieces_.size() == kMaxFields) {
    throw Refused(fmt::format("{}, {}: the record that begins here has more than {} fields", label_,
                              place_of(next_line_, record_ + 1), kMaxFields));
  }
  pieces_.push_back(piece);
}

bool RecordReader::next() {
  begin_ = end_;
  while (!parse()) {
    if (fill()) continue;
    if (begin_ == buffer_.size()) return false;
    if (parse()) break;
    refuse_endless();
  }
  line_ = next_line_;
  ++record_;
  const std::string_view whole(buffer_.data() + begin_, end_ - begin_);
  const uint64_t lines = count_lines(whole);
  // A lone carriage return also ends a line.
  const bool carriage =
      options_.format == RowFormat::csv && !whole.empty() && whole.back() == '\r' && lines == 0;
  next_line_ += carriage ? 1 : lines;
  fields_.clear();
  for (const Piece& piece : pieces_) {
    const std::string& from = piece.decoded ? decoded_ : buffer_;
    fields_.push_back({std::string_view(from).substr(piece.begin, piece.size), piece.quoted});
  }
  return true;
}

const std::vector<RecordField> RecordReader::kBlank(1);

bool RecordReader::next_row() {
  if (blanks_ > 0) {
    --blanks_;
    blank_line_ += blank_lines_;
    ++blank_record_;
    return true;
  }
  blank_ = false;
  if (held_) {
    held_ = false;
    return true;
  }
  uint64_t blanks = 0;
  while (next()) {
    if (raw_size_ == 0) {
      if (blanks++ > 0) continue;
      blank_line_ = line_;
      blank_lines_ = next_line_ - line_;
      blank_record_ = record_;
      continue;
    }
    if (blanks == 0) return true;
    blanks_ = blanks - 1;
    held_ = blank_ = true;
    return true;
  }
  return false;
}

void RecordReader::step_back() {
  end_ = begin_;
  next_line_ = line_;
  --record_;
}

std::string RecordReader::take_rest() {
  std::string rest = buffer_.substr(end_);
  buffer_.clear();
  begin_ = end_ = 0;
  return rest;
}

// False: the record is incomplete.
bool RecordReader::parse() {
  pieces_.clear();
  decoded_.clear();
  fault_ = nullptr;
  if (begin_ == buffer_.size()) return false;
  return options_.format == RowFormat::csv ? parse_csv() : parse_text();
}

bool RecordReader::parse_csv() {
  size_t at = begin_;
  for (bool last = false; !last;) {
    if (!read_csv_field(at, last)) return false;
  }
  raw_size_ = at - begin_;
  if (at < buffer_.size()) {
    // The LF of a CR LF may not have been read yet.
    if (buffer_[at] == '\r') {
      if (at + 1 == buffer_.size() && !at_end_) return false;
      if (at + 1 < buffer_.size() && buffer_[at + 1] == '\n') ++at;
    }
    ++at;
  }
  end_ = at;
  return true;
}

bool RecordReader::ends_field(size_t at) const {
  return at == buffer_.size() || special_[static_cast<unsigned char>(buffer_[at])];
}

// False: the end was not read yet.
bool RecordReader::skip_to_end_of_field(size_t& at) const {
  while (!ends_field(at)) ++at;
  return at < buffer_.size() || at_end_;
}

// The first one of a record counts.
void RecordReader::set_fault(const char* reason) {
  if (fault_ != nullptr) return;
  fault_ = reason;
  fault_field_ = pieces_.size();
}

// Afterwards `at` is after the delimiter, or at the record's end for the last field.
bool RecordReader::read_csv_field(size_t& at, bool& last) {
  if (options_.quotes != CsvQuotes::none && at < buffer_.size() && buffer_[at] == '"') {
    if (!read_quoted_field(at)) return false;
  } else {
    const size_t begin = at;
    if (!skip_to_end_of_field(at)) return false;
    if (options_.quotes == CsvQuotes::strict && view(begin, at).find('"') != std::string_view::npos)
      set_fault(kQuoteInside);
    add_piece({begin, at - begin, false, false});
  }
  last = at == buffer_.size() || buffer_[at] == '\n' || buffer_[at] == '\r';
  if (!last) ++at;
  return true;
}

// The field with a fault ends as one without quotes would: the next record must not be lost.
bool RecordReader::end_faulty_field(size_t& at, const char* reason) {
  set_fault(reason);
  return skip_to_end_of_field(at);
}

bool RecordReader::has_line_end(size_t begin, size_t end) const {
  return view(begin, std::min(end, buffer_.size())).find_first_of("\r\n") != std::string_view::npos;
}

// Afterwards `at` is after the field.
bool RecordReader::read_quoted_field(size_t& at) {
  const size_t size = buffer_.size();
  const size_t start = decoded_.size();
  const size_t begin = ++at;
  size_t stray = 0;  // after the first quote that is text; 0: none so far
  size_t kept = 0;   // size of decoded_ before that quote
  for (;;) {
    const size_t close = buffer_.find('"', at);
    const bool open = close == std::string::npos;
    if (stray != 0 && (has_line_end(at, close) || (open && at_end_))) {
      decoded_.resize(kept);
      at = stray;
      if (!end_faulty_field(at, kStrayQuoteAndLineEnd)) return false;
      break;
    }
    if (open) return false;
    decoded_.append(buffer_, at, close - at);
    if (close + 1 == size && !at_end_) return false;  // may be the first of a pair
    const bool pair = close + 1 < size && buffer_[close + 1] == '"';
    at = close + (pair ? 2 : 1);
    if (!pair && ends_field(at)) break;
    if (!pair && stray == 0) {
      const bool strict = options_.quotes == CsvQuotes::strict;
      if (strict || has_line_end(begin, close)) {
        if (!end_faulty_field(at, strict ? kTextBehindQuote : kStrayQuoteAndLineEnd)) return false;
        break;
      }
      stray = at;
      kept = decoded_.size();
    }
    decoded_ += '"';
  }
  add_piece({start, decoded_.size() - start, true, true});
  return true;
}

// Without the option, the first record decides.
void RecordReader::choose_record_end() {
  if (!record_end_.empty()) return;
  const size_t at = buffer_.find('\n', begin_);
  if (at == std::string::npos) return;
  record_end_ = at > begin_ && buffer_[at - 1] == '\r' ? "\r\n" : "\n";
}

bool RecordReader::parse_text() {
  choose_record_end();
  const size_t found = record_end_.empty() ? std::string::npos : buffer_.find(record_end_, begin_);
  if (found == std::string::npos && !at_end_) return false;
  const size_t stop = std::min(found, buffer_.size());
  raw_size_ = stop - begin_;
  end_ = found == std::string::npos ? stop : stop + record_end_.size();
  const std::string_view record(buffer_.data(), stop);
  for (size_t at = begin_;;) {
    const size_t delimiter = record.find(options_.delimiter, at);
    add_piece({at, std::min(delimiter, stop) - at, false, false});
    if (delimiter == std::string_view::npos) return true;
    at = delimiter + options_.delimiter.size();
  }
}

}  // namespace tablegate::loader
