// What commands print: aligned tables for people, JSON for scripts (-o json,
// whose shapes are part of the contract).
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

// The first row holds the headings. Columns are aligned by characters, two spaces between them.
void print_table(const std::vector<std::vector<std::string>>& rows);
void print_line(const std::string& line);

// "one row", "3 rows".
std::string plural(size_t count, const std::string& noun);
// 'Query User' as one word of a shell.
std::string shell_word(const std::string& text);

// Writes compact JSON piece by piece; print() adds the line's end.
class JsonOutput {
 public:
  JsonOutput() : writer_(buffer_) {}
  JsonOutput& begin_object() { return writer_.StartObject(), *this; }
  JsonOutput& end_object() { return writer_.EndObject(), *this; }
  JsonOutput& begin_array() { return writer_.StartArray(), *this; }
  JsonOutput& end_array() { return writer_.EndArray(), *this; }
  JsonOutput& key(std::string_view name);
  JsonOutput& text(std::string_view value);
  JsonOutput& number(int64_t value) { return writer_.Int64(value), *this; }
  JsonOutput& real(double value) { return writer_.Double(value), *this; }
  JsonOutput& boolean(bool value) { return writer_.Bool(value), *this; }
  JsonOutput& null() { return writer_.Null(), *this; }
  // A whole JSON value as it is; text that is none becomes a string.
  JsonOutput& raw(const std::string& json);
  std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  void print() const { print_line(take()); }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

// {"name","action"}: what a verb did to one object.
void print_action(const std::string& name, const std::string& action);

}  // namespace tablegate::loader
