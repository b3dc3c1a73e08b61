// Dates and times in files, as ISO 8601 writes them and nothing else: PostgreSQL
// reads words ("today", "CST", "JUL") and years of two digits, too, and gives them
// a meaning that the file may not have. What is accepted here means the same to
// PostgreSQL, which checks the calendar.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "core/manifest/types.hpp"

namespace tablegate::loader {

enum class TimeKind : uint8_t {
  date,    // DATE: no time of day, no offset
  local,   // TIMESTAMP_NTZ: no offset
  instant  // DATETIME, TIMESTAMP: an offset, or in the zone of the load
};

// Why a text is no value of a column of dates or times.
struct BadTime : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// False: not a type of dates or times.
bool time_kind(core::ColumnType type, TimeKind& kind);

// "2026-01-31[T08:00[:00[.5]][Z|+08|+0800|+08:00]]", a blank in place of T, or the basic form
// "20260131[T080000[.5][Z|+0800]]"; blanks around it do not count. Throws BadTime.
void check_iso_time(std::string_view text, TimeKind kind);

// What a text holds besides a date.
struct TimeExtras {
  bool clock = false;   // a time of day other than midnight
  bool offset = false;  // or it is UTC
};
// Nothing that the column cannot keep is dropped. Throws BadTime, quoting `text`.
void check_extras(const TimeExtras& extras, TimeKind kind, std::string_view text);

// `text` in quotes, cut where it is long.
std::string shown_value(std::string_view text);

}  // namespace tablegate::loader
