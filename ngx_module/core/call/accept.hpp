// What a request's Accept headers say (RFC 9110 section 12.5.1): the one reader of
// them, and what is chosen by it: a format of rows, a form of errors, a form of
// the status page. Work is linear in what the caller sends, and nothing is
// allocated.
//   Negotiation accept({"application/json", "text/html"});
//   headers.visit(accept);
//   accept.best() == 1  // with "Accept: text/html"
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/answer/format.hpp"
#include "core/answer/problem.hpp"
#include "core/call/parameters.hpp"

namespace tablegate::core {

class Negotiation final : public HeaderSource::Visitor {
 public:
  // `offers`: media types without parameters, which outlive this; at most kMaxOffers.
  static constexpr size_t kMaxOffers = 5;
  Negotiation(std::initializer_list<std::string_view> offers);

  // Reads the header if it is Accept.
  void header(std::string_view name, std::string_view value) override;
  // Reads the value of one Accept header. Parameters of a media range other than q are not compared; a q that
  // has another form than RFC 9110 section 12.4.2 counts as 1.
  void read(std::string_view accept);

  // Whether there was any media range. Without one everything is accepted.
  bool asked() const { return asked_; }
  // How much the offer is accepted, in thousandths; 0: not at all.
  int weight(size_t offer) const { return asked_ ? found_[offer].weight : kWhole; }
  // Whether the offer was named itself, not by `*`.
  bool is_named(size_t offer) const { return found_[offer].exactness == kNamed; }
  // The offer with the largest weight; among equals the more specific match, then the first. Also the first
  // if none is accepted.
  size_t best() const;

 private:
  static constexpr int kWhole = 1000;
  static constexpr int kNamed = 3;

  struct Preference {
    int exactness = 0;  // 0: no match, 1 "*/*", 2 "text/*", kNamed "text/html"
    int weight = 0;
  };
  void read_range(std::string_view range);

  std::array<std::string_view, kMaxOffers> offers_;
  std::array<Preference, kMaxOffers> found_;
  size_t count_;
  bool asked_ = false;
};

// The format of `formats` with the largest weight, among equals the first of the list; nullopt: none is
// accepted. `headers` null: there are none.
std::optional<Format> choose_format(const FormatList& formats, const HeaderSource* headers);

// The form of an error: problem_json where the caller names it and does not prefer application/json.
ErrorForm choose_error_form(const HeaderSource& headers);

}  // namespace tablegate::core
