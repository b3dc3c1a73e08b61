#include "base/iso_time.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

// Reads the parts of a time from left to right; after a failure all reads fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int number(size_t digits, int least, int most) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value < least || value > most ? fail() : value;
  }
  void expect(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
      fail();
    } else {
      rest_.remove_prefix(1);
    }
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  size_t digits() {
    size_t count = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      rest_.remove_prefix(1);
      ++count;
    }
    return count;
  }
  int fail() {
    good_ = false;
    return 0;
  }
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

int days_of(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month < 1 ? 0 : kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

void scan_clock(Scanner& scan) {
  scan.expect("Tt");
  scan.number(2, 0, 23);
  scan.expect(":");
  scan.number(2, 0, 59);
  if (scan.take(':')) {
    scan.number(2, 0, 59);
    if (scan.take('.')) {
      const size_t digits = scan.digits();
      if (digits < 1 || digits > 6) scan.fail();
    }
  }
  if (scan.take('Z') || scan.take('z')) return;
  scan.expect("+-");
  scan.number(2, 0, 14);
  scan.expect(":");
  scan.number(2, 0, 59);
}

}  // namespace

std::string read_iso_time(const std::string& text, const std::string& option) {
  Scanner scan(text);
  const int year = scan.number(4, 1970, 9999);
  scan.expect("-");
  const int month = scan.number(2, 1, 12);
  scan.expect("-");
  scan.number(2, 1, days_of(year, month));
  const bool date_only = scan.good() && scan.at_end();
  if (!date_only) scan_clock(scan);
  if (!scan.good() || !scan.at_end()) {
    throw WrongUsage(fmt::format("{} requires an ISO 8601 time with an offset, not \"{}\"", option, text),
                     Hint::again().set(option, "2027-01-31T08:00:00Z"));
  }
  return date_only ? text + "T00:00:00Z" : text;
}

}  // namespace tablegate::loader
