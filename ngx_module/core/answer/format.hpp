// The forms in which an API answers its rows, and what callers call them: the word
// of a definition and of the parameter `format`, and the media types of `Accept`
// and `Content-Type`. The one table of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::core {

enum class Format : uint8_t { json, csv, ndjson };
constexpr size_t kFormats = 3;

struct FormatKind {
  Format format;
  std::string_view name;          // "csv"
  std::string_view media_type;    // "text/csv"
  std::string_view other_name;    // a second media type that callers may ask for; empty: there is none
  std::string_view content_type;  // what the answer says: the media type with its parameters
};

// The row of the table.
const FormatKind& format_kind(Format format);
// "csv" exactly; nullopt for any other word.
std::optional<Format> parse_format(std::string_view name);

// The formats of one API, each at most once, the default first. Never empty.
class FormatList {
 public:
  // False: it is there already.
  bool add(Format format);
  // Without any, to be filled by add().
  static FormatList none();

  size_t size() const { return size_; }
  Format front() const { return items_[0]; }
  const Format* begin() const { return items_.data(); }
  const Format* end() const { return items_.data() + size_; }
  bool has(Format format) const;
  // "json, csv"
  std::string names() const;

 private:
  std::array<Format, kFormats> items_{Format::json};
  uint8_t size_ = 1;
};

// The parameter by which callers choose, of APIs with several formats.
constexpr std::string_view kFormatParameter = "format";

}  // namespace tablegate::core
