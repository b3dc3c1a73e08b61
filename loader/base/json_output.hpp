// Writes compact JSON piece by piece: the one writer of the loader. Pieces can be
// chained, or nested as the JSON is:
//   json.begin_object().key("name").text(name).end_object().print();
//   json.object([&] { json.text("name", name); });
#pragma once

#include <rapidjson/document.h>
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
  JsonOutput& number(const std::optional<uint64_t>& value) {
    return value ? (writer_.Uint64(*value), *this) : null();
  }
  // A whole JSON value as it is; text that is none becomes a string.
  JsonOutput& raw(const std::string& json);
  // The same, unchecked, where the type is known.
  JsonOutput& raw(std::string_view json, rapidjson::Type type) {
    return writer_.RawValue(json.data(), json.size(), type), *this;
  }
  JsonOutput& tree(const rapidjson::Value& value) { return value.Accept(writer_), *this; }

  // Members: a name with its value.
  void text(std::string_view name, std::string_view value) { key(name).text(value); }
  // Left out where it is empty.
  void text_if(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void truth(std::string_view name, bool value) { key(name).boolean(value); }
  void number(std::string_view name, int64_t value) { key(name).number(value); }
  template <class Texts = std::initializer_list<std::string_view>>
  void texts(std::string_view name, const Texts& list) {
    array(name, [&] {
      for (const std::string_view one : list) text(one);
    });
  }
  template <class Members>
  void object(Members members) {
    begin_object();
    members();
    end_object();
  }
  template <class Members>
  void object(std::string_view name, Members members) {
    key(name).object(members);
  }
  template <class Items>
  void array(std::string_view name, Items items) {
    key(name).begin_array();
    items();
    end_array();
  }

  std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  // To standard output, with the line's end.
  void print() const;

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace tablegate::loader
