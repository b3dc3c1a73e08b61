// Writes text piece by piece into a ByteSink, with the escapes of JSON,
// Prometheus and HTML. After the first failure of the sink nothing more is
// written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

class TextSink {
 public:
  explicit TextSink(ByteSink& sink) : sink_(sink) {}

  TextSink& put(std::string_view text) {
    char* room = good_ ? sink_.reserve(text.size()) : nullptr;
    good_ = room != nullptr;
    if (!good_ || text.empty()) return *this;
    std::memcpy(room, text.data(), text.size());
    sink_.commit(text.size());
    return *this;
  }
  TextSink& number(uint64_t number) { return put(std::to_string(number)); }
  // Milliseconds as seconds with three digits.
  TextSink& seconds(uint64_t ms) {
    const std::string digits = std::to_string(ms % 1000 + 1000);
    return number(ms / 1000).put(".").put(std::string_view(digits).substr(1));
  }
  // A JSON string.
  TextSink& json(std::string_view text) {
    good_ = good_ && write_json_string(text, sink_);
    return *this;
  }
  // A Prometheus label `name="value"`: escapes backslash, quote and line feed.
  TextSink& label(std::string_view name, std::string_view value) {
    put(name).put("=\"");
    escaped(value, "\\\"\n", [](char c) -> std::string_view {
      return c == '\\' ? "\\\\" : c == '"' ? "\\\"" : "\\n";
    });
    return put("\"");
  }
  // HTML text, for contents and quoted attributes.
  TextSink& html(std::string_view text) {
    escaped(text, "&<>\"'", [](char c) -> std::string_view {
      switch (c) {
        case '&':
          return "&amp;";
        case '<':
          return "&lt;";
        case '>':
          return "&gt;";
        case '"':
          return "&quot;";
        default:
          return "&#39;";
      }
    });
    return *this;
  }
  bool good() const { return good_; }

 private:
  template <class Replacement>
  void escaped(std::string_view text, std::string_view special, Replacement replacement) {
    while (!text.empty()) {
      const size_t plain = std::min(text.size(), text.find_first_of(special));
      put(text.substr(0, plain));
      text.remove_prefix(plain);
      if (text.empty()) return;
      put(replacement(text.front()));
      text.remove_prefix(1);
    }
  }

  ByteSink& sink_;
  bool good_ = true;
};

}  // namespace tablegate::core
