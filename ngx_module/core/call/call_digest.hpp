// What a call asks for, as 128 bits: API and version, the values of its parameters in one spelling, the page,
// the format, the keys that its answer is made with. Calls with equal digests get equal rows from equal
// generations of the tables. For entity tags: it is equal in every process, and not secure against callers
// who look for two calls with one digest, whom it would confuse and nobody else. A store that several callers
// share must compare more than it.
//   if (digest_call(api, bound, {format, manifest.answer_keys}, arena, digest)) ...
#pragma once

#include <array>
#include <cstdint>

#include "core/arena.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"

namespace tablegate::core {

using CallDigest = std::array<uint64_t, 2>;

// What else than the call decides the bytes of its answer.
struct AnswerForm {
  uint64_t format = 0;  // a number of the format, equal in every process
  uint64_t keys = 0;    // Manifest::answer_keys
};

// `bound`: made by bind_parameters() for the API. False: no memory.
bool digest_call(const Api& api, const BoundValues& bound, const AnswerForm& form, Arena& arena,
                 CallDigest& out);

}  // namespace tablegate::core
