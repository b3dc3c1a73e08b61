// Writes compact JSON piece by piece: the one writer of the loader. Pieces can be
// chained, or nested as the JSON is:
//   json.begin_object().key("name").text(name).end_object().print();
//   json.object([&] { json.text("name", name); });
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::loader {

class JsonOutput {
 public:
  JsonOutput() : writer_(buffer_) {}
  JsonOutput& begin_object() { return writer_.StartObject(), *this; }
  JsonOutput& end_object() { return writer_.EndObject(), *this; }
  JsonOutput& begin_array() { return writer_.StartArray(), *this; }
  JsonOutput& end_array() { return writer_.EndArray(), *this; }
  JsonOutput& key(std::string_view name);
  JsonOutput& text(std::string_view value);
  JsonOutput& text(const std::optional<std::string>& value) { return value ? text(*value) : null(); }
  JsonOutput& text(const std::string& value) { return text(std::string_view(value)); }
  JsonOutput& text(const char* value) { return text(std::string_view(value)); }
  JsonOutput& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
  JsonOutput& number(int64_t value) { return writer_.Int64(value), *this; }
  JsonOutput& number(const std::optional<long long>& value) { return value ? number(*value) : null(); }
  JsonOutput& real(double value) { return writer_.Double(value), *this; }
  JsonOutput& boolean(bool value) { return writer_.Bool(value), *this; }
  JsonOutput& null() { return writer_.Null(), *this; }
  // A whole JSON value as it is; text that is none becomes a string.
  JsonOutput& raw(const std::string& json);
  std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  // To standard output, with the line's end.
  void print() const;

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace tablegate::loader
