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

// Both of them.
struct ChainsAndText {
  void number(uint64_t number) {
    chains.number(number);
    kept.number(number);
  }
  void text(std::string_view text) {
    chains.text(text);
    kept.text(text);
  }
  void absent() { number(UINT64_MAX); }

  Chains& chains;
  CallText& kept;
};

// Its conditions are a digest already. The cursor is the text that the caller sent: each page has one.
template <class Sink>
void add_page(const Api& api, const BoundPage& page, const char* const* values, Sink& sink) {
  sink.text({reinterpret_cast<const char*>(page.conditions.data()), page.conditions.size()});
  sink.number(page.number);
  sink.number(page.size);
  sink.number(page.with_total ? 1 : 0);
  const char* const cursor = values[api.pages.parameters + kCursor];
  sink.text(cursor == nullptr ? "" : cursor);
}

// Spellings of one number that a script may return in different bytes: `2.5` and `2.50` are one numeric with
// two scales (PostgreSQL manual, 8.1.2), and a double has a zero of each sign.
uint64_t form_of(ParameterType type, std::string_view value) {
  if (type == ParameterType::double_) return !value.empty() && value[0] == '-' ? 1 : 0;
  const size_t point = value.find('.');
  return point == value.npos ? 0 : value.size() - point;
}

template <class Sink>
void add_forms(const Api& api, const BoundValues& bound, Sink& sink) {
  const size_t count = bound.page == nullptr ? api.parameters.size() : api.pages.parameters;
  for (size_t i = 0; i < count; ++i) {
    const Parameter& parameter = api.parameters[i];
    if (parameter.type != ParameterType::decimal && parameter.type != ParameterType::double_) continue;
    if (bound.values[i] == nullptr) continue;
    const size_t items = parameter.list ? bound.items[i].count : 1;
    for (size_t item = 0; item < items; ++item)
      sink.number(form_of(parameter.type, parameter.list ? bound.items[i].items[item] : bound.values[i]));
  }
}

template <class Sink>
bool add_call(const Api& api, const BoundValues& bound, const AnswerForm& form, Arena& arena, Sink& sink) {
  sink.number(form.format);
  sink.number(form.keys);
  sink.number(api.id);
  sink.number(api.version);
  add_forms(api, bound, sink);
  if (bound.page == nullptr)
    return add_parameters(api, api.parameters.size(), bound.values, bound.items, arena, sink);
  add_page(api, *bound.page, bound.values, sink);
  return true;
}

}  // namespace

bool digest_call(const Api& api, const BoundValues& bound, const AnswerForm& form, Arena& arena,
                 CallDigest& out, CallText* text) {
  Chains chains;
  bool good = false;
  if (text == nullptr) {
    good = add_call(api, bound, form, arena, chains);
  } else {
    ChainsAndText both{chains, *text};
    good = add_call(api, bound, form, arena, both);
  }
  out = chains.finish();
  return good;
}

}  // namespace tablegate::core
