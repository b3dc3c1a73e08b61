// What a call asks for, as 128 bits: API and version, the values of its parameters in one spelling, the page,
// the format, the keys that its answer is made with. Calls with equal digests get equal rows from equal
// generations of the tables. For entity tags: it is equal in every process, and not secure against callers
// who look for two calls with one digest, whom it would confuse and nobody else. A store that several callers
// share compares what the digest is made of, CallText.
//   if (digest_call(api, bound, {format, manifest.answer_keys}, arena, digest, nullptr)) ...
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

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

// What a digest is made of: equal only for calls that ask for the same. Of a long call there is none.
class CallText {
 public:
  static constexpr size_t kRoom = 1024;

  // Empty: it did not fit.
  std::string_view bytes() const { return {room_, full_ ? 0 : size_}; }

  void number(uint64_t number) { add(&number, sizeof number); }
  void text(std::string_view text) {
    number(text.size());
    add(text.data(), text.size());
  }
  void absent() { number(UINT64_MAX); }

 private:
  void add(const void* bytes, size_t size) {
    full_ = full_ || size > kRoom - size_;
    if (full_) return;
    if (size != 0) std::memcpy(room_ + size_, bytes, size);
    size_ += size;
  }

  bool full_ = false;
  size_t size_ = 0;
  char room_[kRoom];  // written up to `size_`
};

// `bound`: made by bind_parameters() for the API. `text`: null where it is not needed. False: no memory.
bool digest_call(const Api& api, const BoundValues& bound, const AnswerForm& form, Arena& arena,
                 CallDigest& out, CallText* text);

}  // namespace tablegate::core
