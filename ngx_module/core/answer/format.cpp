#include "core/answer/format.hpp"

#include <algorithm>

namespace tablegate::core {

namespace {

// No standard names the media type of NDJSON: both names are in use. `header`: RFC 4180 section 3.
constexpr FormatKind kFormatTable[kFormats] = {
    {Format::json, "json", "application/json", "", "application/json; charset=utf-8"},
    {Format::csv, "csv", "text/csv", "", "text/csv; charset=utf-8; header=present"},
    {Format::ndjson, "ndjson", "application/x-ndjson", "application/jsonl", "application/x-ndjson"},
};

}  // namespace

const FormatKind& format_kind(Format format) {
  return kFormatTable[static_cast<size_t>(format)];
}

std::optional<Format> parse_format(std::string_view name) {
  for (const FormatKind& kind : kFormatTable) {
    if (kind.name == name) return kind.format;
  }
  return std::nullopt;
}

bool FormatList::has(Format format) const {
  return std::find(begin(), end(), format) != end();
}

bool FormatList::add(Format format) {
  if (has(format)) return false;
  items_[size_++] = format;
  return true;
}

FormatList FormatList::none() {
  FormatList list;
  list.size_ = 0;
  return list;
}

std::string FormatList::names() const {
  std::string names;
  for (const Format format : *this) names.append(names.empty() ? "" : ", ").append(format_kind(format).name);
  return names;
}

}  // namespace tablegate::core
