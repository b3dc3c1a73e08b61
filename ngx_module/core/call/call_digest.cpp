#include "core/call/call_digest.hpp"

#include <algorithm>
#include <cstring>

#include "core/call/canonical_parameters.hpp"
#include "core/call/page.hpp"
#include "core/mix.hpp"

namespace tablegate::core {

namespace {

// Two different chains over words of eight bytes; of texts also their lengths, so that two lists of texts
// with equal bytes are not taken for one.
class Chains {
 public:
  void number(uint64_t number) {
    first_ = mix(first_ ^ number);
    second_ = mix(second_ + number * 0x9E3779B97F4A7C15U + 1);
  }
  void text(std::string_view text) {
    number(text.size());
    for (; text.size() >= sizeof(uint64_t); text.remove_prefix(sizeof(uint64_t)))
      word(text.data(), sizeof(uint64_t));
    if (!text.empty()) word(text.data(), text.size());
  }
  void absent() { number(UINT64_MAX); }
  CallDigest finish() const { return {first_, second_}; }

 private:
  void word(const char* bytes, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, size);
    number(word);
  }

  uint64_t first_ = 0x2545F4914F6CDD1DU;
  uint64_t second_ = 0xD1342543DE82EF95U;
};

// Its conditions are a digest already. The cursor is the text that the caller sent: each page has one.
void add_page(const Api& api, const BoundPage& page, const char* const* values, Chains& chains) {
  chains.text({reinterpret_cast<const char*>(page.conditions.data()), page.conditions.size()});
  chains.number(page.number);
  chains.number(page.size);
  chains.number(page.with_total ? 1 : 0);
  const char* const cursor = values[api.pages.parameters + kCursor];
  chains.text(cursor == nullptr ? "" : cursor);
}

}  // namespace

bool digest_call(const Api& api, const BoundValues& bound, const AnswerForm& form, Arena& arena,
                 CallDigest& out) {
  Chains chains;
  chains.number(form.format);
  chains.number(form.keys);
  chains.number(api.id);
  chains.number(api.version);
  if (bound.page != nullptr) {
    add_page(api, *bound.page, bound.values, chains);
  } else if (!add_parameters(api, api.parameters.size(), bound.values, bound.items, arena, chains)) {
    return false;
  }
  out = chains.finish();
  return true;
}

}  // namespace tablegate::core
