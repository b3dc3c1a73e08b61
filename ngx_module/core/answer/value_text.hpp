// Values whose text in answers is not PostgreSQL's: instants in the form of RFC
// 3339 and bytes in base64. Without quotes, so that JSON and CSV have the same
// text. Each function returns the end of what it wrote, or null where there is
// no such form: then PostgreSQL's text is the value, and what was written counts
// for nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tablegate::core {

// A timestamptz: `utc` is its text with offset +00, `wall` the clock of the table's zone (empty: UTC). Their
// difference is the offset, so the zone's rules stay PostgreSQL's own. RFC 3339 (section 5.6) knows offsets
// of whole minutes and years of four digits: what the zone's clock cannot say is said in UTC, with Z. There
// is no form for infinite times, years BC and years after 9999. `out` has room for timestamptz_room().
char* put_timestamptz(std::string_view utc, std::string_view wall, char* out);
inline size_t timestamptz_room(std::string_view utc, std::string_view wall) {
  return std::max(utc.size(), wall.size()) + sizeof("+hh:mm") - 1;
}

// A timestamp. `out` has room for text.size() bytes.
char* put_timestamp(std::string_view text, char* out);

// A bytea: PostgreSQL's \x6162 to standard padded base64 (RFC 4648 section 4). `out` has room for
// base64_room().
char* put_base64(std::string_view text, char* out);
inline size_t base64_room(std::string_view text) {
  return (text.size() / 2 + 2) / 3 * 4;
}

}  // namespace tablegate::core
