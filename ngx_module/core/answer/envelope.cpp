#include "core/answer/envelope.hpp"

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

bool end_success(Envelope envelope, std::string_view request_id, ByteSink& sink) {
  if (envelope == Envelope::tablegate) return write_text(",\"success\":true}", sink);
  return write_text(R"(,"errCode":0,"errMsg":"success","requestId":)", sink) &&
         write_json_string(request_id, sink) && write_text(R"(,"apiLog":null})", sink);
}

std::string error_body(Envelope envelope, uint32_t code, std::string_view name, std::string_view message,
                       std::string_view request_id) {
  const bool own = envelope == Envelope::tablegate;
  StringSink sink;
  sink.text.reserve(192 + message.size());
  write_text(kDataKey, sink);
  write_text(own ? R"(null,"success":false,"errCode":)" : R"(null,"errCode":)", sink);
  write_text(std::to_string(code), sink);
  if (own) {
    write_text(R"(,"error":")", sink);
    write_text(name, sink);
    write_text("\"", sink);
  }
  write_text(R"(,"errMsg":)", sink);
  write_json_string(message, sink);
  write_text(R"(,"requestId":)", sink);
  write_json_string(request_id, sink);
  write_text(own ? "}" : R"(,"apiLog":null})", sink);
  return std::move(sink.text);
}

}  // namespace tablegate::core
