#include "base/json_output.hpp"

#include <rapidjson/document.h>

#include <cstdio>

namespace tablegate::loader {

JsonOutput& JsonOutput::key(std::string_view name) {
  writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  return *this;
}

JsonOutput& JsonOutput::text(std::string_view value) {
  writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  return *this;
}

JsonOutput& JsonOutput::raw(const std::string& json) {
  rapidjson::Document document;
  if (document.Parse<rapidjson::kParseIterativeFlag>(json.c_str()).HasParseError()) return text(json);
  writer_.RawValue(json.data(), json.size(), document.GetType());
  return *this;
}

void JsonOutput::print() const {
  std::fwrite(buffer_.GetString(), 1, buffer_.GetSize(), stdout);
  std::fputc('\n', stdout);
}

}  // namespace tablegate::loader
