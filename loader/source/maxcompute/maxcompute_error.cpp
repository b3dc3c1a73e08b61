#include "source/maxcompute/maxcompute_error.hpp"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/json_text.hpp"

namespace tablegate::loader {
namespace {

constexpr int kMaxHold = 10000;

int hold_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp(value, 0, kMaxHold);
}

}  // namespace

ServiceFault read_service_fault(std::string_view body) {
  ServiceFault fault;
  JsonDocument json;
  if (parse_json(body, json).empty() && json.IsObject()) {
    fault.code = json_member(json, "Code");
    fault.message = json_member(json, "Message");
    fault.request_id = json_member(json, "RequestId");
    fault.hold = hold_of(json_member(json, "HoldClientMillis"));
    return fault;
  }
  pugi::xml_document xml;
  if (xml.load_buffer(body.data(), body.size())) {
    const pugi::xml_node error = xml.child("Error");
    fault.code = error.child_value("Code");
    fault.message = error.child_value("Message");
    fault.request_id = error.child_value("RequestId");
  }
  return fault;
}

}  // namespace tablegate::loader
