#include "core/answer/envelope.hpp"

#include "core/answer/json_writer.hpp"

namespace tablegate::core {

namespace {

// RFC 9110 section 15, RFC 6585. For the type about:blank this is the title (RFC 9457 section 4.2.1).
std::string_view reason_phrase(uint16_t status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Client Error" : "Server Error";
  }
}

void write_problem_members(const ErrorBody& error, StringSink& sink) {
  write_text(R"("type":"about:blank","title":)", sink);
  write_json_string(reason_phrase(error.status), sink);
  write_text(R"(,"status":)", sink);
  write_text(std::to_string(error.status), sink);
  write_text(R"(,"detail":)", sink);
  write_json_string(error.message, sink);
  write_text(",", sink);
}

}  // namespace

bool end_success(Envelope envelope, std::string_view request_id, ByteSink& sink) {
  if (envelope == Envelope::tablegate) return write_text(",\"success\":true}", sink);
  return write_text(R"(,"errCode":0,"errMsg":"success","requestId":)", sink) &&
         write_json_string(request_id, sink) && write_text(R"(,"apiLog":null})", sink);
}

std::string error_body(ErrorForm form, Envelope envelope, const ErrorBody& error,
                       std::string_view request_id) {
  const bool own = envelope == Envelope::tablegate;
  StringSink sink;
  sink.text.reserve(256 + 2 * error.message.size());
  write_text("{", sink);
  if (form == ErrorForm::problem_json) write_problem_members(error, sink);
  write_text(R"("data":)", sink);
  write_text(own ? R"(null,"success":false,"errCode":)" : R"(null,"errCode":)", sink);
  write_text(std::to_string(error.code), sink);
  if (own) {
    write_text(R"(,"error":")", sink);
    write_text(error.name, sink);
    write_text("\"", sink);
  }
  write_text(R"(,"errMsg":)", sink);
  write_json_string(error.message, sink);
  write_text(R"(,"requestId":)", sink);
  write_json_string(request_id, sink);
  write_text(own ? "}" : R"(,"apiLog":null})", sink);
  return std::move(sink.text);
}

}  // namespace tablegate::core
