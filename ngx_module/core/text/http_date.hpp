// The time formats that clients sign: HTTP dates (RFC 9110 section 5.6.7, all
// three forms, and the `GMT+00:00` of Alibaba's SDKs) and milliseconds since
// 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tablegate::core {

// Seconds since 1970; nullopt: not a valid date. `now` (seconds since 1970) decides the century of two-digit
// years: at most 50 years ahead.
std::optional<int64_t> parse_http_date(std::string_view text, int64_t now);

// Seconds since 1970 (rounded down) of a plain number of milliseconds.
std::optional<int64_t> parse_milliseconds(std::string_view text);

// "Wed, 01 Jan 2025 00:00:00 GMT".
constexpr size_t kHttpDateSize = 29;
void format_http_date(int64_t seconds, char (&out)[kHttpDateSize + 1]);

}  // namespace tablegate::core
