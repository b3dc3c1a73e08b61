// Writes the compact JSON of an OpenAPI document, nested as it reads.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tablegate::loader {

class OpenApiJson {
 public:
  OpenApiJson() : writer_(buffer_) {}

  OpenApiJson& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
  }
  void value(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void value(bool truth) { writer_.Bool(truth); }
  void value(int64_t number) { writer_.Int64(number); }
  void text(std::string_view name, std::string_view text) { key(name).value(text); }
  // Left out where it is empty.
  void text_if(std::string_view name, std::string_view text) {
    if (!text.empty()) key(name).value(text);
  }
  void truth(std::string_view name, bool truth) { key(name).value(truth); }
  void number(std::string_view name, int64_t number) { key(name).value(number); }
  // JSON as it is: a number, a truth value, or a whole object.
  void raw(std::string_view json, rapidjson::Type type) { writer_.RawValue(json.data(), json.size(), type); }
  void texts(std::string_view name, std::initializer_list<std::string_view> list) {
    array(name, [&] {
      for (const std::string_view one : list) value(one);
    });
  }

  template <class Members>
  void object(Members members) {
    writer_.StartObject();
    members();
    writer_.EndObject();
  }
  template <class Members>
  void object(std::string_view name, Members members) {
    key(name).object(members);
  }
  template <class Items>
  void array(std::string_view name, Items items) {
    key(name);
    writer_.StartArray();
    items();
    writer_.EndArray();
  }
  void reference(std::string_view name, const std::string& to) {
    object(name, [&] { text("$ref", to); });
  }

  std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace tablegate::loader
