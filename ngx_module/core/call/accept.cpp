#include "core/call/accept.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

// Removes the text before `separator` from the front and returns it.
std::string_view next_piece(std::string_view& rest, char separator) {
  const std::string_view piece = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
  return trimmed(piece);
}

// "0.25" in thousandths; an invalid weight is 1.
int weight_of(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return 1000;
  int weight = (text[0] - '0') * 1000;
  int place = 100;
  for (size_t i = 2; i < text.size() && i < 5; ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return 1000;
    weight += (text[i] - '0') * place;
  }
  return std::min(weight, 1000);
}

// 0: the range does not match the offer; 1 "*/*", 2 "text/*", 3 "text/html".
int exactness(std::string_view range, std::string_view offer) {
  if (same_in_any_case(range, offer)) return 3;
  if (range == "*/*") return 1;
  const size_t slash = offer.find('/');
  const bool any = range.size() == slash + 2 && range.substr(slash) == "/*";
  return any && same_in_any_case(range.substr(0, slash), offer.substr(0, slash)) ? 2 : 0;
}

struct Preference {
  int exact = 0;
  int weight = 0;
};

Preference preference(std::string_view accept, std::string_view offer) {
  Preference best;
  while (!accept.empty()) {
    std::string_view parameters = next_piece(accept, ',');
    const int exact = exactness(next_piece(parameters, ';'), offer);
    if (exact <= best.exact) continue;
    best = {exact, 1000};
    while (!parameters.empty()) {
      std::string_view value = next_piece(parameters, ';');
      if (same_in_any_case(next_piece(value, '='), "q")) best.weight = weight_of(trimmed(value));
    }
  }
  return best;
}

}  // namespace

size_t choose_representation(std::string_view accept, std::initializer_list<std::string_view> offers) {
  size_t chosen = 0;
  Preference best;
  size_t place = 0;
  for (const std::string_view offer : offers) {
    const Preference found = preference(accept, offer);
    if (found.weight > best.weight || (found.weight == best.weight && found.exact > best.exact)) {
      if (found.weight > 0) {
        best = found;
        chosen = place;
      }
    }
    ++place;
  }
  return chosen;
}

}  // namespace tablegate::core
