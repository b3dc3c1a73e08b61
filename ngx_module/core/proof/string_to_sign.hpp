// What an HMAC signature covers (authentication.md, "HMAC"): Alibaba's string to
// sign, built from the bytes of the request as they came over the wire. Clients
// differ in two spellings, so one request has up to four strings; they never
// differ in how the request is decoded.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// The single value of a header, empty where it is absent. `repeated` is set where it stands more than once,
// and left alone otherwise.
std::string_view single_header(const HeaderSource& headers, std::string_view name, bool& repeated);

// What one request's signature covers. Everything it points to lives as long as the request.
class SignedRequest {
 public:
  struct Spelling {
    bool lower_case = false;       // names of signed headers
    bool empty_with_sign = false;  // an empty value as `k=`, else `k`
  };

  // Collects it. 400 where a parameter is repeated, badly encoded or one of more than 1,024, or the target
  // holds '#'; 401 where a header that counts is repeated or the list of signed headers names one twice or
  // something that is no header's name.
  Problem read(const RequestData& request, HmacProfile profile, Arena& arena);

  // Whether the list names this header, in any case.
  bool covers(std::string_view header) const;

  // How many spellings differ: 1, 2 or 4. Depends on the request only.
  unsigned spellings() const { return (mixed_case_ ? 2U : 1U) * (empty_values_ ? 2U : 1U); }
  // The one with this number, from 0: as listed with `k` first.
  Spelling spelling(unsigned number) const;

  // The string. The same memory is used for each: it is good until the next call.
  std::string_view text(Spelling spelling);

 private:
  struct Pair {
    std::string_view name;  // decoded
    std::string_view key;   // what is signed, and sorted by
    std::string_view value;
  };
  struct Header {
    std::string_view name;  // as listed
    std::string_view lower;
    std::string_view value;
  };

  Problem read_headers(const RequestData& request, Arena& arena);
  Problem read_pairs(const RequestData& request, bool raw, Arena& arena);
  // By decoded names or by what is signed; false: two have the same.
  bool sort_pairs(std::string_view Pair::*by);
  Problem add_pairs(std::string_view text, bool raw, Arena& arena);

  std::string_view method_;
  std::string_view fixed_[4];  // Accept, Content-MD5, Content-Type, Date
  Header* headers_ = nullptr;
  size_t header_count_ = 0;
  std::string_view path_;
  Pair* pairs_ = nullptr;
  size_t pair_count_ = 0;
  bool mixed_case_ = false;
  bool empty_values_ = false;
  char* buffer_ = nullptr;
};

}  // namespace tablegate::core
