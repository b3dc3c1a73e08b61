// What answers wrap their "data" in. Each API has one envelope, for its rows and
// for its errors. Callers of DataWorks Data Service know the second one.
//   tablegate  {"data":...,"success":true}
//              {"data":null,"success":false,"errCode":N,"error":"slug","errMsg":"text","requestId":"..."}
//   dataworks  {"data":...,"errCode":0,"errMsg":"success","requestId":"...","apiLog":null}
//              {"data":null,"errCode":N,"errMsg":"text","requestId":"...","apiLog":null}
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

// A whole error body. `name` is the slug.
std::string error_body(Envelope envelope, uint32_t code, std::string_view name, std::string_view message,
                       std::string_view request_id);

}  // namespace tablegate::core
