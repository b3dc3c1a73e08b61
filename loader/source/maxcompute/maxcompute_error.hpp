// Reads the service's error bodies: JSON from the tunnel, XML from the REST
// API, either from a proxy between.
#pragma once

#include <string>
#include <string_view>

namespace tablegate::loader {

struct ServiceFault {
  std::string code;
  std::string message;
  std::string request_id;
  int hold = 0;  // milliseconds to wait, at most 10 s
};

// All members empty where the body has neither form.
ServiceFault read_service_fault(std::string_view body);

}  // namespace tablegate::loader
