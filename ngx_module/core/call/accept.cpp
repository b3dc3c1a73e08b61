#include "core/call/accept.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

// Removes the text before `separator` from the front and returns it. A separator within a quoted string
// (RFC 9110 section 5.6.4) is none.
std::string_view next_piece(std::string_view& rest, char separator) {
  size_t at = 0;
  for (bool quoted = false; at < rest.size() && (quoted || rest[at] != separator); ++at) {
    if (rest[at] == '"') quoted = !quoted;
    if (rest[at] == '\\' && quoted && at + 1 < rest.size()) ++at;
  }
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(std::min(rest.size(), at + 1));
  return trimmed(piece);
}

// "0.25" in thousandths; what is no weight is 1.
int weight_of(std::string_view text) {
  constexpr int kWhole = 1000;
  constexpr size_t kMostDigits = 5;  // 0.123
  if (text.empty() || text.size() > kMostDigits || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.'))
    return kWhole;
  int weight = (text[0] - '0') * kWhole;
  int place = kWhole / 10;
  for (size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (!is_digit(text[i])) return kWhole;
    weight += (text[i] - '0') * place;
  }
  return std::min(weight, kWhole);
}

int exactness_of(std::string_view range, std::string_view offer) {
  if (same_in_any_case(range, offer)) return 3;
  if (range == "*/*" || range == "*") return 1;
  const size_t slash = offer.find('/');
  const bool any = range.size() == slash + 2 && range.substr(slash) == "/*";
  return any && same_in_any_case(range.substr(0, slash), offer.substr(0, slash)) ? 2 : 0;
}

}  // namespace

Negotiation::Negotiation(std::initializer_list<std::string_view> offers) : count_(offers.size()) {
  std::copy(offers.begin(), offers.end(), offers_.begin());
}

void Negotiation::header(std::string_view name, std::string_view value) {
  if (same_in_any_case(name, "accept")) read(value);
}

void Negotiation::read(std::string_view accept) {
  while (!accept.empty()) read_range(next_piece(accept, ','));
}

void Negotiation::read_range(std::string_view parameters) {
  const std::string_view range = next_piece(parameters, ';');
  if (range != "*" && range.find('/') == std::string_view::npos) return;
  asked_ = true;
  int weight = kWhole;
  while (!parameters.empty()) {
    std::string_view value = next_piece(parameters, ';');
    if (same_in_any_case(next_piece(value, '='), "q")) weight = weight_of(trimmed(value));
  }
  for (size_t offer = 0; offer < count_; ++offer) {
    const int exactness = exactness_of(range, offers_[offer]);
    if (exactness > found_[offer].exactness) found_[offer] = {exactness, weight};
  }
}

size_t Negotiation::best() const {
  size_t chosen = 0;
  Preference best;
  for (size_t offer = 0; offer < count_; ++offer) {
    const Preference& found = found_[offer];
    const bool better =
        found.weight > best.weight || (found.weight == best.weight && found.exactness > best.exactness);
    if (!better || found.weight == 0) continue;
    best = found;
    chosen = offer;
  }
  return chosen;
}

std::optional<Format> choose_format(const FormatList& formats, const HeaderSource* headers) {
  if (headers == nullptr) return formats.front();
  const auto media_type = [](Format format) { return format_kind(format).media_type; };
  Negotiation accept({media_type(Format::json), media_type(Format::csv), media_type(Format::ndjson),
                      format_kind(Format::ndjson).other_name});
  headers->visit(accept);
  std::optional<Format> chosen;
  int most = 0;
  for (const Format format : formats) {
    int weight = accept.weight(static_cast<size_t>(format));
    if (format == Format::ndjson) weight = std::max(weight, accept.weight(kFormats));  // its other name
    if (weight <= most) continue;
    most = weight;
    chosen = format;
  }
  return chosen;
}

ErrorForm choose_error_form(const HeaderSource& headers) {
  Negotiation accept({format_kind(Format::json).media_type, kProblemType});
  headers.visit(accept);
  const bool wanted = accept.is_named(1) && accept.weight(1) > 0 && accept.weight(1) >= accept.weight(0);
  return wanted ? ErrorForm::problem_json : ErrorForm::json;
}

}  // namespace tablegate::core
