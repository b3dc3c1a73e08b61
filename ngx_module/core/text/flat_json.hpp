// The top-level members of a JSON object (RFC 8259), read strictly and without
// a tree: valid UTF-8, no NUL, no duplicate member at any level, nesting at
// most kMaxJsonDepth, nothing after the object. For headers and claims of
// tokens and for bodies; numbers keep their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"

namespace tablegate::core {

constexpr unsigned kMaxJsonDepth = 16;

struct FlatMember {
  enum class Kind : uint8_t { null, text, number, truth, object, strings, list };
  std::string_view name;
  std::string_view text;  // of a string, a number ("1.50") or a boolean ("true")
  uint32_t object = 0;    // 0: a member of the top-level object; else of a nested one, kept only for its name
  Kind kind = Kind::null;
  bool element = false;  // of a list of the top-level object: it has no name

  bool is_list() const { return kind == Kind::strings || kind == Kind::list; }
};

// In the order of the text. The elements of a list (Kind::strings: of strings only; Kind::list: of any kind)
// follow it. Behind an element that is an object or a list, its own members may come before the next one.
struct FlatObject {
  const FlatMember* members = nullptr;
  size_t count = 0;

  // The top-level member with this name, or null.
  const FlatMember* find(std::string_view name) const;
  // Whether `member` is a list of strings only, and `text` is one of them.
  bool has_string(const FlatMember& member, std::string_view text) const;
};

// `no_object`: JSON of another kind. `refused`: no JSON, or text that is not UTF-8.
enum class FlatResult : uint8_t {
  read,
  no_object,
  refused,
  duplicate,
  too_deep,
  number_too_large,
  no_memory
};

// `text` has `size` bytes and a NUL after them; it is changed, and `out` points into it and into the arena.
// Takes time and memory about linear in `size`.
FlatResult read_flat_object(char* text, size_t size, Arena& arena, FlatObject& out);

}  // namespace tablegate::core
