#include "model/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

// backward, Etc and Antarctica/Troll aside: https://www.iana.org/time-zones, file theory.html, "Names of
// timezones".
constexpr std::string_view kAreas[] = {"Africa",   "America",   "Antarctica", "Arctic", "Asia",
                                       "Atlantic", "Australia", "Europe",     "Indian", "Pacific"};

struct Meaning {
  std::string_view word;  // in lower case
  std::string_view zones;
};

// Abbreviations, and old names of the database that are no Area/City.
constexpr Meaning kMeanings[] = {
    {"z", "UTC"},
    {"zulu", "UTC"},
    {"uct", "UTC"},
    {"utc", "UTC"},
    {"universal", "UTC"},
    {"gmt", "UTC, or Europe/London"},
    {"gmt0", "UTC"},
    {"greenwich", "UTC"},
    {"etc/utc", "UTC"},
    {"etc/uct", "UTC"},
    {"etc/gmt", "UTC"},
    {"etc/zulu", "UTC"},
    {"etc/universal", "UTC"},
    {"etc/greenwich", "UTC"},
    {"cst", "Asia/Shanghai (China), or America/Chicago (Central)"},
    {"cst6cdt", "America/Chicago"},
    {"cdt", "America/Chicago"},
    {"prc", "Asia/Shanghai"},
    {"est", "America/New_York, or America/Panama without summer time"},
    {"edt", "America/New_York"},
    {"est5edt", "America/New_York"},
    {"mst", "America/Denver, or America/Phoenix without summer time"},
    {"mdt", "America/Denver"},
    {"mst7mdt", "America/Denver"},
    {"pst", "America/Los_Angeles"},
    {"pdt", "America/Los_Angeles"},
    {"pst8pdt", "America/Los_Angeles"},
    {"akst", "America/Anchorage"},
    {"hst", "Pacific/Honolulu"},
    {"cet", "Europe/Berlin, Europe/Paris, Europe/Rome or another city of Central Europe"},
    {"cest", "Europe/Berlin, Europe/Paris, Europe/Rome or another city of Central Europe"},
    {"met", "Europe/Berlin, Europe/Paris, Europe/Rome or another city of Central Europe"},
    {"mez", "Europe/Berlin"},
    {"eet", "Europe/Helsinki, Europe/Athens or another city of Eastern Europe"},
    {"eest", "Europe/Helsinki, Europe/Athens or another city of Eastern Europe"},
    {"wet", "Europe/Lisbon"},
    {"west", "Europe/Lisbon"},
    {"bst", "Europe/London"},
    {"gb", "Europe/London"},
    {"gb-eire", "Europe/London"},
    {"eire", "Europe/Dublin"},
    {"ist", "Asia/Kolkata, Asia/Jerusalem or Europe/Dublin"},
    {"israel", "Asia/Jerusalem"},
    {"jst", "Asia/Tokyo"},
    {"japan", "Asia/Tokyo"},
    {"kst", "Asia/Seoul"},
    {"rok", "Asia/Seoul"},
    {"roc", "Asia/Taipei"},
    {"hkt", "Asia/Hong_Kong"},
    {"hongkong", "Asia/Hong_Kong"},
    {"sgt", "Asia/Singapore"},
    {"singapore", "Asia/Singapore"},
    {"wib", "Asia/Jakarta"},
    {"pht", "Asia/Manila"},
    {"msk", "Europe/Moscow"},
    {"w-su", "Europe/Moscow"},
    {"trt", "Europe/Istanbul"},
    {"turkey", "Europe/Istanbul"},
    {"poland", "Europe/Warsaw"},
    {"portugal", "Europe/Lisbon"},
    {"iceland", "Atlantic/Reykjavik"},
    {"egypt", "Africa/Cairo"},
    {"libya", "Africa/Tripoli"},
    {"sast", "Africa/Johannesburg"},
    {"iran", "Asia/Tehran"},
    {"cuba", "America/Havana"},
    {"jamaica", "America/Jamaica"},
    {"navajo", "America/Denver"},
    {"brt", "America/Sao_Paulo"},
    {"nz", "Pacific/Auckland"},
    {"nz-chat", "Pacific/Chatham"},
    {"nzst", "Pacific/Auckland"},
    {"nzdt", "Pacific/Auckland"},
    {"kwajalein", "Pacific/Kwajalein"},
    {"aest", "Australia/Sydney, or Australia/Brisbane without summer time"},
    {"aedt", "Australia/Sydney"},
    {"acst", "Australia/Darwin, or Australia/Adelaide with summer time"},
    {"awst", "Australia/Perth"},
    {"us/eastern", "America/New_York"},
    {"us/central", "America/Chicago"},
    {"us/mountain", "America/Denver"},
    {"us/arizona", "America/Phoenix"},
    {"us/pacific", "America/Los_Angeles"},
    {"us/alaska", "America/Anchorage"},
    {"us/hawaii", "Pacific/Honolulu"},
    {"us/michigan", "America/Detroit"},
    {"canada/atlantic", "America/Halifax"},
    {"canada/eastern", "America/Toronto"},
    {"canada/central", "America/Winnipeg"},
    {"canada/mountain", "America/Edmonton"},
    {"canada/pacific", "America/Vancouver"},
    {"canada/newfoundland", "America/St_Johns"},
    {"brazil/east", "America/Sao_Paulo"},
    {"brazil/west", "America/Manaus"},
    {"chile/continental", "America/Santiago"},
    {"mexico/general", "America/Mexico_City"},
    {"utc+8", "Asia/Shanghai, Asia/Singapore, Australia/Perth or another city with that offset"},
    {"utc+08:00", "Asia/Shanghai, Asia/Singapore, Australia/Perth or another city with that offset"},
    {"gmt+8", "Asia/Shanghai, Asia/Singapore, Australia/Perth or another city with that offset"},
    {"gmt+08:00", "Asia/Shanghai, Asia/Singapore, Australia/Perth or another city with that offset"},
    {"+08:00", "Asia/Shanghai, Asia/Singapore, Australia/Perth or another city with that offset"},
};

bool is_city_letter(char c) {
  return core::is_letter(c) || core::is_digit(c) || c == '_' || c == '-' || c == '+' || c == '/';
}

bool is_area_and_city(std::string_view zone) {
  const size_t slash = zone.find('/');
  if (slash == std::string_view::npos || slash + 1 == zone.size() || zone.back() == '/') return false;
  const bool area =
      std::find(std::begin(kAreas), std::end(kAreas), zone.substr(0, slash)) != std::end(kAreas);
  return area && std::all_of(zone.begin(), zone.end(), is_city_letter);
}

}  // namespace

std::string bad_time_zone(std::string_view zone) {
  if (zone == "UTC" || is_area_and_city(zone)) return {};
  const std::string word = core::to_lower(zone);
  for (const Meaning& meaning : kMeanings) {
    if (word == meaning.word)
      return fmt::format("\"{}\" does not mean the same to all programs: write {}", zone, meaning.zones);
  }
  return fmt::format("\"{}\" is no time zone: UTC, or a name of the IANA database such as Asia/Shanghai",
                     zone);
}

}  // namespace tablegate::loader
