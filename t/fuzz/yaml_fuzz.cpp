// parse_yaml() with any bytes: a fault with a place in the text, or documents.
// What a definition may hold of them is written and read back as it was, alone
// and as one of two documents; so are the bytes themselves as a text, wherever a
// text can be.
#include <algorithm>
#include <cstdint>

#include "base/json_output.hpp"
#include "base/yaml_text.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"

using namespace tablegate;

namespace {

std::string read(std::string_view text) {
  loader::JsonDocument documents;
  loader::TextPositions positions;
  INVARIANT(loader::parse_yaml(text, documents, positions).empty());
  return loader::json_text(documents);
}

void write_back(const loader::JsonValue& document) {
  const std::string text = loader::yaml_text(document);
  const std::string json = loader::json_text(document);
  INVARIANT(!text.empty() && text.back() == '\n');
  INVARIANT(read(text) == "[" + json + "]");
  INVARIANT(read("---\n" + text + "---\n" + text) == "[" + json + "," + json + "]");
}

void write_back_as_text(std::string_view text) {
  loader::JsonOutput json;
  json.begin_object().key("name").text(text).key("list").begin_array().text(text).text(text).end_array();
  json.key("objects").begin_array().begin_object().key(text).text(text).end_object().end_array().end_object();
  loader::JsonDocument document;
  INVARIANT(loader::parse_json(json.take(), document).empty());
  write_back(document);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (core::valid_text(text)) write_back_as_text(text);
  loader::JsonDocument documents;
  loader::TextPositions positions;
  const loader::TextFault fault = loader::parse_yaml(text, documents, positions);
  if (!fault.empty()) {
    const auto lines = static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
      return c == '\n' || c == '\r' || c == '\x85' || c == '\xA8' ||
             c == '\xA9';  // breaks, or their last byte
    }));
    INVARIANT(fault.at.line >= 1 && fault.at.line <= lines + 1);
    INVARIANT(fault.at.column >= 1 && fault.at.column <= size + 1);
    return 0;
  }
  for (rapidjson::SizeType i = 0; i < documents.Size(); ++i) {
    const loader::JsonValue& document = documents[i];
    const loader::TextPosition at = positions.find(loader::pointer_token(size_t{i}));
    INVARIANT(at.line >= 1 && at.column >= 1);
    if (loader::json_faults(document, "").empty()) write_back(document);
  }
  return 0;
}
