// Dates and times as a file has them, read by a format like strptime's
// (`--time-format '%d.%m.%Y %H:%M'`) and written as PostgreSQL reads them without
// doubt. English names of months, no word for a zone: those have several meanings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/time_text.hpp"

namespace tablegate::loader {

class TimeFormat {
 public:
  // %Y %m %d %e %H %M %S %b %B %F %T %R %D %y (00-68: 20xx, 69-99: 19xx) %I %p %f (a fraction's digits) %z
  // (an offset) %s (seconds since 1970) %%; a blank is one or more of them. Throws WrongUsage: it gives no
  // date, or has what is not known.
  explicit TimeFormat(const std::string& format);

  // False: `text` is not of this format. Else `out` is what PostgreSQL reads.
  bool read(std::string_view text, std::string& out, TimeExtras& extras) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;      // as it was given
  std::string expanded_;  // without %F, %T and their like
};

// By the first of `formats` that fits. Throws BadTime, naming them.
std::string read_formatted_time(std::string_view text, TimeKind kind, const std::vector<TimeFormat>& formats);

}  // namespace tablegate::loader
