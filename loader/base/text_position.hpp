// Where something is in a text that a person wrote, by line and column as editors
// count them, and why a text could not be read. Positions of the values of a
// document are kept by a hash of their JSON pointer, so that long names cost
// nothing; find() answers for a value without one with what is around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tablegate::loader {

struct TextPosition {
  size_t line = 0;    // from 1; 0: not known
  size_t column = 0;  // from 1, in characters
};

// Of the byte at `offset` of UTF-8 text.
TextPosition text_position(std::string_view text, size_t offset);

struct TextFault {
  TextPosition at;
  std::string reason;

  bool empty() const { return reason.empty(); }
  // "not JSON: Invalid value (line 2 column 10)"; empty: no fault.
  std::string text() const;
};

class TextPositions {
 public:
  using Key = uint64_t;  // of a JSON pointer
  static constexpr Key kRoot = 0xcbf29ce484222325;
  // `token` with its '/', as pointer_token() writes it.
  static Key below(Key key, std::string_view token);

  // The last one counts.
  void set(Key key, TextPosition at) { positions_[key] = at; }
  // Of the value at the pointer or, where that is not known, of the nearest one around it.
  TextPosition find(std::string_view pointer) const;

 private:
  std::unordered_map<Key, TextPosition> positions_;
};

}  // namespace tablegate::loader
