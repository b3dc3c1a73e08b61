// What a call asks for, as a digest: API and version, the values of its parameters in one spelling, the page,
// the format, and the keys that its answer is made with. Two calls with equal digests get equal rows from
// equal generations of the tables. Owned by a worker; its memory is used again.
//   if (digests.make(api, bound, format, arena, digest)) ...
#pragma once

#include <array>
#include <string>

#include "core/arena.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"

namespace tablegate::core {

using CallDigest = std::array<unsigned char, 16>;  // the first half of a SHA-256

class CallDigests {
 public:
  // `bound`: made by bind_parameters() for the API. `format`: a number of the answer's format, equal in every
  // process. False: no memory, or OpenSSL failed.
  bool make(const Api& api, const BoundValues& bound, uint64_t format, Arena& arena, CallDigest& out);

 private:
  Sha256 sha256_;
  std::string bytes_;
};

}  // namespace tablegate::core
