#include "core/plan/decimal.hpp"

#include <algorithm>
#include <charconv>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr int64_t kFar = 1000000000;  // beyond all exponents of numbers that are not 0

size_t count_digits(std::string_view text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<size_t>(end - text.begin());
}

std::string_view without_zeros_before(std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

std::string_view without_zeros_after(std::string_view digits) {
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

// `digits` with the point after the first `point` of them.
Decimal normal(bool negative, std::string_view digits, int64_t point) {
  const std::string_view rest = without_zeros_before(digits);
  point -= static_cast<int64_t>(digits.size() - rest.size());
  const std::string_view all = without_zeros_after(rest);
  if (all.empty()) return {};
  return {negative, all, point};
}

// The exponent of the last digit.
int64_t last(const Decimal& a) {
  return a.point - static_cast<int64_t>(a.digits.size());
}

// The digit before 10^exponent.
int digit(const Decimal& a, int64_t exponent) {
  const int64_t place = a.point - 1 - exponent;
  return place >= 0 && place < static_cast<int64_t>(a.digits.size())
             ? a.digits[static_cast<size_t>(place)] - '0'
             : 0;
}

char as_digit(int value) {
  return static_cast<char>('0' + value);
}

int compare_sizes(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty())
    return static_cast<int>(b.digits.empty()) - static_cast<int>(a.digits.empty());
  if (a.point != b.point) return a.point < b.point ? -1 : 1;
  return a.digits.compare(b.digits);
}

// |a| + sign * |b|, which is not below 0.
Decimal combine(const Decimal& a, const Decimal& b, int sign, bool negative, ExpressionWork& work) {
  const int64_t high = std::max(a.point, b.point) + 1;
  const int64_t low = std::min(last(a), last(b));
  const auto size = static_cast<size_t>(high - low);
  char* const text = work.room(size);
  if (text == nullptr || !work.calculate(size)) return {};
  int carry = 0;
  for (int64_t exponent = low; exponent < high; ++exponent) {
    const int both = digit(a, exponent) + sign * digit(b, exponent) + carry;
    carry = both < 0 ? -1 : both / 10;
    text[high - 1 - exponent] = as_digit(both - carry * 10);
  }
  return normal(negative, {text, size}, high);
}

// Long division of digits with zeros after them, as whole numbers.
class LongDivision {
 public:
  LongDivision(std::string_view divisor, size_t zeros, char* room) : divisor_(divisor), rest_(room) {
    size_ = divisor.size() + zeros;
    std::fill_n(rest_, size_ + 1, '0');
  }

  // The next digit of the quotient.
  char next(char digit) {
    std::copy(rest_ + 1, rest_ + size_ + 1, rest_);
    rest_[size_] = digit;
    char quotient = '0';
    for (; fits(); ++quotient) subtract();
    return quotient;
  }

 private:
  char divisor(size_t place) const { return place < divisor_.size() ? divisor_[place] : '0'; }

  bool fits() const {
    if (rest_[0] != '0') return true;
    for (size_t place = 0; place < size_; ++place) {
      if (rest_[place + 1] != divisor(place)) return rest_[place + 1] > divisor(place);
    }
    return true;
  }

  void subtract() {
    int borrow = 0;
    for (size_t place = size_; place-- > 0;) {
      const int difference = rest_[place + 1] - divisor(place) - borrow;
      borrow = difference < 0 ? 1 : 0;
      rest_[place + 1] = as_digit(difference + borrow * 10);
    }
    rest_[0] = static_cast<char>(rest_[0] - borrow);
  }

  std::string_view divisor_;
  size_t size_;
  char* rest_;  // one digit more than the divisor
};

}  // namespace

bool read_decimal(std::string_view text, bool exponent, ExpressionWork& work, Decimal& out) {
  if (!work.look_at(text.size())) return false;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const std::string_view whole = text.substr(0, count_digits(text));
  text.remove_prefix(whole.size());
  std::string_view fraction;
  if (!text.empty() && text[0] == '.') {
    fraction = text.substr(1, count_digits(text.substr(1)));
    text.remove_prefix(1 + fraction.size());
  }
  if (whole.empty() && fraction.empty()) return false;
  int64_t shift = 0;
  if (exponent && !text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), shift);
    if (read.ec == std::errc::result_out_of_range || shift > kFar || shift < -kFar) shift = kFar;
    text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
  }
  if (!text.empty()) return false;
  const auto point = static_cast<int64_t>(whole.size()) + shift;
  const std::string_view before = without_zeros_before(whole);
  const std::string_view behind = without_zeros_after(fraction);
  if (before.empty() || behind.empty()) {
    out = before.empty() ? normal(negative, behind, shift) : normal(negative, whole, point);
    return true;
  }
  char* const digits = work.room(before.size() + behind.size());
  if (digits == nullptr) return false;
  std::copy(behind.begin(), behind.end(), std::copy(before.begin(), before.end(), digits));
  out = normal(negative, {digits, before.size() + behind.size()},
               point - static_cast<int64_t>(whole.size() - before.size()));
  return true;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

Decimal sum(const Decimal& a, const Decimal& b, ExpressionWork& work) {
  if (a.digits.empty()) return b;
  if (b.digits.empty()) return a;
  if (a.negative == b.negative) return combine(a, b, 1, a.negative, work);
  return compare_sizes(a, b) >= 0 ? combine(a, b, -1, a.negative, work) : combine(b, a, -1, b.negative, work);
}

Decimal product(const Decimal& a, const Decimal& b, ExpressionWork& work) {
  const size_t size = a.digits.size() + b.digits.size();
  char* const text = work.room(size);
  if (text == nullptr || !work.calculate(a.digits.size() * b.digits.size())) return {};
  std::fill_n(text, size, '0');
  for (size_t i = a.digits.size(); i-- > 0;) {
    int carry = 0;
    for (size_t j = b.digits.size(); j-- > 0;) {
      char& at = text[i + j + 1];
      const int value = (a.digits[i] - '0') * (b.digits[j] - '0') + (at - '0') + carry;
      at = as_digit(value % 10);
      carry = value / 10;
    }
    text[i] = as_digit(carry);
  }
  return normal(a.negative != b.negative, {text, size}, a.point + b.point);
}

Decimal divide(const Decimal& a, const Decimal& b, size_t places, ExpressionWork& work) {
  const auto behind = static_cast<int64_t>(places);
  if (a.digits.empty() || a.point - b.point + 1 + behind <= 0) return {};  // it is below 10^-places
  const int64_t shift = last(a) - last(b) + behind;
  const size_t more = shift > 0 ? static_cast<size_t>(shift) : 0;
  const size_t fewer = shift < 0 ? static_cast<size_t>(-shift) : 0;
  const size_t size = a.digits.size() + more;
  const size_t divisor = b.digits.size() + fewer;
  char* const text = work.room(size);
  char* const room = text == nullptr ? nullptr : work.room(divisor);
  if (room == nullptr || !work.take(size * divisor / 8)) return {};
  LongDivision division(b.digits, fewer, room);
  for (size_t place = 0; place < size; ++place)
    text[place] = division.next(place < a.digits.size() ? a.digits[place] : '0');
  return normal(a.negative != b.negative, {text, size}, static_cast<int64_t>(size) - behind);
}

Decimal rounded(const Decimal& a, size_t places, ExpressionWork& work) {
  const int64_t kept = a.point + static_cast<int64_t>(places);  // of the digits
  if (kept >= static_cast<int64_t>(a.digits.size())) return a;
  if (kept < 0) return {};
  const Decimal cut = normal(a.negative, a.digits.substr(0, static_cast<size_t>(kept)), a.point);
  if (a.digits[static_cast<size_t>(kept)] < '5') return cut;
  return sum(cut, {a.negative, "1", 1 - static_cast<int64_t>(places)}, work);
}

Decimal negated(Decimal a) {
  a.negative = !a.negative && !a.digits.empty();
  return a;
}

std::string_view plain_text(const Decimal& a, ExpressionWork& work) {
  if (a.digits.empty()) return "0";
  const int64_t high = std::max<int64_t>(a.point, 1);
  const int64_t low = std::min<int64_t>(last(a), 0);
  const auto size = static_cast<size_t>(high - low);
  char* const text = work.room(size + 2);
  if (text == nullptr || !work.calculate(size)) return {};
  char* end = text;
  if (a.negative) *end++ = '-';
  for (int64_t exponent = high; exponent-- > low;) {
    if (exponent == -1) *end++ = '.';
    *end++ = as_digit(digit(a, exponent));
  }
  return {text, static_cast<size_t>(end - text)};
}

}  // namespace tablegate::core
