#include "source/time_text.hpp"

#include <fmt/format.h>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

using core::is_digit;

// Reads from left to right.
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : rest_(text) {}

  bool digits(size_t count) {
    if (rest_.size() < count) return false;
    for (size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return false;
      if (rest_[i] != '0') nonzero_ = true;
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool date() {
    if (!digits(4)) return false;
    basic_ = !rest_.empty() && is_digit(rest_.front());
    return separator('-') && digits(2) && separator('-') && digits(2);
  }
  bool clock() {
    if (!take('T') && !take('t') && (basic_ || !take(' '))) return false;
    while (!basic_ && take(' ')) {
    }
    nonzero_ = false;
    if (!digits(2) || !separator(':') || !digits(2)) return false;
    if (basic_ ? !digits(2) : take(':') && !digits(2)) return false;
    if (take('.')) {
      if (!digits(1)) return false;
      while (digits(1)) {
      }
    }
    extras_.clock = nonzero_;
    return true;
  }
  // True, too, where there is none.
  bool offset() {
    std::string_view before = rest_;
    take(' ');
    if (take('Z') || take('z')) {
      extras_.offset = true;
    } else if (take('+') || take('-')) {
      extras_.offset = true;
      if (!digits(2)) return false;
      if (take(':') || !rest_.empty()) return digits(2);
    } else {
      rest_ = before;
    }
    return true;
  }

  std::string_view rest() const { return rest_; }
  const TimeExtras& extras() const { return extras_; }

 private:
  bool separator(char c) { return basic_ || take(c); }

  std::string_view rest_;
  bool basic_ = false;    // without separators
  bool nonzero_ = false;  // some digit was
  TimeExtras extras_;
};

}  // namespace

bool time_kind(ColumnType type, TimeKind& kind) {
  if (type != ColumnType::date && type != ColumnType::timestamp && type != ColumnType::timestamptz)
    return false;
  kind = type == ColumnType::date        ? TimeKind::date
         : type == ColumnType::timestamp ? TimeKind::local
                                         : TimeKind::instant;
  return true;
}

std::string shown_value(std::string_view text) {
  constexpr size_t kShown = 100;
  return text.size() <= kShown ? fmt::format("\"{}\"", text)
                               : fmt::format("\"{}...\"", text.substr(0, kShown));
}

void check_extras(const TimeExtras& extras, TimeKind kind, std::string_view text) {
  if (extras.offset && kind != TimeKind::instant) {
    throw BadTime(fmt::format("{} has an offset, which a column {} cannot keep", shown_value(text),
                              kind == TimeKind::date ? "of type DATE" : "without time zone"));
  }
  if (extras.clock && kind == TimeKind::date)
    throw BadTime(
        fmt::format("{} has a time of day, which a column of type DATE cannot keep", shown_value(text)));
}

void check_iso_time(std::string_view text, TimeKind kind) {
  IsoReader reader(core::trimmed(text, " "));
  bool good = reader.date();
  bool clock = false;
  if (good && !reader.rest().empty()) clock = good = reader.clock();
  const std::string_view behind = reader.rest();
  if (clock) good = reader.offset();
  if (good && reader.rest().empty()) return check_extras(reader.extras(), kind, text);
  if (clock) {
    throw BadTime(
        fmt::format("{} ends in {}: only an ISO 8601 offset can follow a time (Z, +08, +0800, +08:00)",
                    shown_value(text), shown_value(core::trimmed(behind, " "))));
  }
  throw BadTime(fmt::format("{} is no ISO 8601 {}", shown_value(text),
                            kind == TimeKind::date ? "date (2026-01-31)" : "time (2026-01-31 08:00:00)"));
}

}  // namespace tablegate::loader
