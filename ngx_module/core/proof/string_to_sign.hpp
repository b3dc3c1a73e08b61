// What an HMAC signature covers (ngx_module/README.md, "Signatures (HMAC)"):
// Alibaba's string to sign, built from the bytes of the request as received.
// Clients differ in two spellings, so one request has up to four strings; they
// never differ in how the request is decoded.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// A signature that is refused; `reason` is for the log.
inline Problem invalid_signature(std::string_view reason) {
  return {Slug::invalid_signature, {}, {}, reason};
}

// The single value of a header, empty if it is absent. Sets `repeated` if it occurs more than once, and
// leaves it alone otherwise.
std::string_view single_header(const HeaderSource& headers, std::string_view name, bool& repeated);

// What a request's signature covers. All its pointers live as long as the request.
class SignedRequest {
 public:
  struct Spelling {
    bool lower_case = false;       // names of signed headers
    bool empty_with_sign = false;  // an empty value as `k=`, else `k`
  };

  // Collects it. 400 if a parameter is repeated, badly encoded or one of more than 1,024, or the target holds
  // '#'; 401 if a signed header is repeated, or the list of signed headers repeats a name, has more than
  // 100, or holds something that is not a header's name.
  Problem read(const RequestData& request, HmacProfile profile, Arena& arena);

  // Whether the list names this header, in any case.
  bool covers(std::string_view header) const;

  // The number of different spellings: 1, 2 or 4. Depends only on the request.
  unsigned spellings() const { return (mixed_case_ ? 2U : 1U) * (empty_values_ ? 2U : 1U); }
  // The spelling with this number, from 0: as listed with `k` first.
  Spelling spelling(unsigned number) const;

  // The string to sign. All spellings share the memory: it is valid until the next call.
  std::string_view text(Spelling spelling);

 private:
  struct Pair {
    std::string_view name;  // decoded
    std::string_view key;   // signed, and sorted by
    std::string_view value;
  };
  struct Header {
    std::string_view name;  // as listed
    std::string_view lower;
    std::string_view value;
  };

  Problem read_headers(const RequestData& request, Arena& arena);
  Problem read_pairs(const RequestData& request, bool raw, Arena& arena);
  // Sorts by decoded names or by signed text; false: two are equal.
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
