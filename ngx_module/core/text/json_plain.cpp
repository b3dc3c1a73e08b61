#include "core/text/json_plain.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <cstring>

namespace tablegate::core {

namespace {

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

size_t plain_bytes(const char* text, size_t size) {
  size_t count = 0;
  while (count < size && is_plain(text[count])) ++count;
  return count;
}

// Whether a byte of the word has to be escaped. `Word`: unsigned, its bytes in any order.
template <class Word>
bool has_escape(const char* text) {
  constexpr Word kOnes = static_cast<Word>(~Word{0}) / 0xff;
  constexpr Word kHigh = kOnes * 0x80;
  Word word = 0;
  std::memcpy(&word, text, sizeof(word));
  const Word quote = word ^ (kOnes * '"');
  const Word backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) &
         kHigh;
}

// Fewer than 16 bytes: two words that may overlap.
size_t plain_rest(const char* text, size_t size) {
  if (size >= 8) {
    if (has_escape<uint64_t>(text) || has_escape<uint64_t>(text + size - 8)) return plain_bytes(text, size);
    return size;
  }
  if (size >= 4) {
    if (has_escape<uint32_t>(text) || has_escape<uint32_t>(text + size - 4)) return plain_bytes(text, size);
    return size;
  }
  return plain_bytes(text, size);
}

}  // namespace

size_t plain_prefix_portable(const char* text, size_t size) {
  size_t at = 0;
  for (; size - at >= 8; at += 8) {
    if (has_escape<uint64_t>(text + at)) return at + plain_bytes(text + at, 8);
  }
  return at + plain_rest(text + at, size - at);
}

#ifdef __SSE2__

namespace {

// One bit for each byte that has to be escaped.
unsigned escapes_of(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
}

template <class Word>
Word word_at(const char* text) {
  Word word = 0;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

// Fewer than 16 bytes: the first and the last ones, which may overlap, in one register.
size_t short_prefix(const char* text, size_t size) {
  if (size < 4) return plain_bytes(text, size);
  const size_t half = size < 8 ? 4 : 8;
  __m128i bytes;
  if (half == 4) {
    const __m128i low = _mm_cvtsi32_si128(word_at<int>(text));
    bytes = _mm_unpacklo_epi32(low, _mm_cvtsi32_si128(word_at<int>(text + size - 4)));
  } else {
    const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(text));
    bytes = _mm_unpacklo_epi64(low, _mm_loadl_epi64(reinterpret_cast<const __m128i*>(text + size - 8)));
  }
  const unsigned found = escapes_of(bytes) & ((1U << (2 * half)) - 1);
  if (found == 0) return size;
  const auto place = static_cast<size_t>(__builtin_ctz(found));
  return place < half ? place : place + size - 2 * half;
}

}  // namespace

size_t plain_prefix(const char* text, size_t size) {
  size_t at = 0;
  for (; size - at >= 16; at += 16) {
    const unsigned found = escapes_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at)));
    if (found != 0) return at + static_cast<size_t>(__builtin_ctz(found));
  }
  return at + short_prefix(text + at, size - at);
}

#else

size_t plain_prefix(const char* text, size_t size) {
  return plain_prefix_portable(text, size);
}

#endif

}  // namespace tablegate::core
