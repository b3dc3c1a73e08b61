// What answers wrap their "data" in. Each API has one envelope, for its rows and
// for its errors. Callers of DataWorks Data Service know the second one.
//   tablegate  {"data":...,"success":true}
//              {"data":null,"success":false,"errCode":N,"error":"slug","errMsg":"text","requestId":"..."}
//   dataworks  {"data":...,"errCode":0,"errMsg":"success","requestId":"...","apiLog":null}
//              {"data":null,"errCode":N,"errMsg":"text","requestId":"...","apiLog":null}
// CSV and NDJSON have no envelope around their rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tablegate::core {

class ByteSink;

enum class Envelope : uint8_t { tablegate, dataworks };

// The beginning of every body; the value of "data" follows.
constexpr std::string_view kDataKey = "{\"data\":";

// What follows the value of "data" in an answer that is no error. False: no memory.
bool end_success(Envelope envelope, std::string_view request_id, ByteSink& sink);

// The form of an error: the envelope's members alone, or after those of RFC 9457.
//   {"type":"about:blank","title":"Bad Request","status":400,"detail":"text","data":null,...}
enum class ErrorForm : uint8_t { json, problem_json };
constexpr std::string_view kProblemType = "application/problem+json";

struct ErrorBody {
  uint16_t status;  // of HTTP
  uint32_t code;
  std::string_view name;  // the slug
  std::string_view message;
};
// A whole error body.
std::string error_body(ErrorForm form, Envelope envelope, const ErrorBody& error,
                       std::string_view request_id);

}  // namespace tablegate::core
