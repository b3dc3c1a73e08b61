#include "pg/key_batch.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "pg/cells.hpp"

namespace tablegate::pg {
namespace {

// No query of a pool has it: statements of one value and of many have different keys.
constexpr uint64_t kManyValues = uint64_t{1} << 63U;

constexpr std::size_t kLongest = 1024;  // bytes of a value
constexpr std::size_t kKept = 16384;    // bytes of an array that stay

}  // namespace

bool KeyBatch::takes(const Query& query) {
  for (int i = 0; i < query.parameter_count; ++i) {
    if (query.values[i] != nullptr && strnlen(query.values[i], kLongest + 1) > kLongest) return false;
  }
  return true;
}

void KeyBatch::rest() noexcept {
  for (std::string& array : arrays_) {
    if (array.capacity() > kKept) std::string().swap(array);
  }
}

void KeyBatch::begin(const std::vector<Query*>& members) {
  const Query& first = *members.front();
  first_ = &first;
  key = first.key;
  key.epoch |= kManyValues;
  parameter_count = first.parameter_count;
  timeout_ms = first.timeout_ms;
  limit_ms_ = first.limit_ms_;
  deadline_ms = 0;
  point = true;
  stamped = first.stamped;
  sent_ms = stamp = 0;
  arrays_.resize(static_cast<std::size_t>(parameter_count));
  pointers_.clear();
  for (std::size_t place = 0; place < arrays_.size(); ++place) {
    std::string& array = arrays_[place];
    array.assign(1, '{');
    for (const Query* member : members) add_value(array, member->values[place]);
    array.back() = '}';
    pointers_.push_back(array.c_str());
  }
  values = pointers_.data();
  rows_.assign(members.size(), 0);
  members_ = members;
  count_ = members.size();
  for (Query* member : members_) {
    limit_ms_ = std::max(limit_ms_, member->limit_ms_);
    stamped = stamped || member->stamped;
    member->batch_ = this;
  }
}

// An item in PostgreSQL's text form of arrays (manual, 8.15.2), and a comma.
void KeyBatch::add_value(std::string& array, const char* value) {
  if (value == nullptr) {
    array += "NULL,";
    return;
  }
  array += '"';
  for (; *value != '\0'; ++value) {
    if (*value == '"' || *value == '\\') array += '\\';
    array += *value;
  }
  array += "\",";
}

void KeyBatch::leave(Query& member) {
  std::replace(members_.begin(), members_.end(), &member, static_cast<Query*>(nullptr));
  member.batch_ = nullptr;
  --count_;
}

void KeyBatch::take_members(QueryList& queries) {
  for (Query*& member : members_) {
    if (member == nullptr) continue;
    member->batch_ = nullptr;
    queries.push_back(*member);
    member = nullptr;
  }
  count_ = 0;
}

// False: a row belongs to no member, or is the second one of a member.
bool KeyBatch::read_places(const Cells& cells) {
  if (cells.columns() < 2) return false;
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    const core::Cell cell = cells.cell(row, cells.columns() - 1);
    std::size_t place = 0;
    if (cell.data == nullptr) return false;
    const auto read = std::from_chars(cell.data, cell.data + cell.size, place);
    if (read.ec != std::errc() || place == 0 || place > rows_.size() || rows_[place - 1] != 0) return false;
    rows_[place - 1] = row + 1;
  }
  return true;
}

void KeyBatch::on_rows(const Cells& cells, bool last) noexcept {
  (void)last;  // Delivery::whole
  if (!read_places(cells)) return owner_.on_batch_error(*this);
  delivers_ = true;
  // A callback may make another member leave.
  for (std::size_t place = 0; place < members_.size(); ++place) {
    Query* const member = members_[place];
    if (member == nullptr) continue;
    leave(*member);
    member->stamp = stamp;
    const std::size_t row = rows_[place];
    member->on_rows(cells.part(row == 0 ? 0 : row - 1, row == 0 ? 0 : 1, cells.columns() - 1), true);
  }
  delivers_ = false;
  owner_.on_batch_end(*this);
}

}  // namespace tablegate::pg
