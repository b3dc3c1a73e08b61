// The router with any host, path and method (three lines of the input): what it
// finds fits the path, and every path parameter is a segment of it.
#include <array>
#include <cstdint>

#include "core/manifest/manifest_reader.hpp"
#include "core/route/router.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

struct Route {
  const char* method;
  const char* path;
  const char* domains;
};
constexpr std::array<Route, 14> kRoutes = {{{"GET", "/", "[]"},
                                            {"GET", "/a", "[]"},
                                            {"POST", "/a", "[]"},
                                            {"GET", "/a/", "[]"},
                                            {"GET", "/a/{x}", "[]"},
                                            {"POST", "/a/b", "[]"},
                                            {"GET", "/a/{x}/c", "[]"},
                                            {"GET", "/a/b/{y}", "[]"},
                                            {"GET", "/{x}/{y}/{z}", "[]"},
                                            {"GET", "/a/b/c", R"(["d"])"},
                                            {"GET", "/{x}", R"(["d","*.d"])"},
                                            {"POST", "/{x}/{y}", R"(["*.d"])"},
                                            {"GET", "/a/b", R"(["*.e.d"])"},
                                            {"GET", "/a/{x}/{y}/{z}/b", "[]"}}};

std::unique_ptr<const Manifest> make_manifest() {
  std::string body;
  for (const char* domain : {"d", "*.d", "*.e.d"}) {
    body += R"({"kind":"domain","name":")" + std::string(domain) +
            "\",\"protocol\":\"HTTP\",\"force_https\":false}\n";
  }
  int id = 0;
  for (const Route& route : kRoutes) {
    body +=
        R"({"kind":"api","id":)" + std::to_string(++id) +
        R"(,"name":"n","workspace":"w","rest_api":"r","version":1,"method":")" + route.method +
        R"(","path":")" + route.path + R"(","domains":)" + route.domains +
        R"(,"service":"s","resource_group":"g","timeout_ms":1,"max_records":1,"result":"list","point":false,)"
        R"("authentication":[],"parameters":[],"statement":["S"],"columns":[{"name":"a","type":"int4"}]})"
        "\n";
  }
  Result<std::unique_ptr<const Manifest>> manifest = read_manifest(tablegate::fuzz::with_header(body));
  INVARIANT(static_cast<bool>(manifest));
  return std::move(*manifest);
}

std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool serves(const Api& api, const Domain* domain) {
  if (api.domains.empty()) return true;
  for (const std::string& name : api.domains) {
    if (domain != nullptr && domain->name == name) return true;
  }
  return false;
}

// The path is the API's, segment by segment, and its parameters are those segments.
void check_path(const Api& api, std::string_view path) {
  for (const std::string& segment : api.path_segments) {
    INVARIANT(!path.empty() && path[0] == '/');
    path.remove_prefix(1);
    const std::string_view actual = path.substr(0, path.find('/'));
    if (segment.size() > 2 && segment[0] == '{') {
      INVARIANT(!actual.empty());
    } else {
      INVARIANT(actual == segment);
    }
    path.remove_prefix(actual.size());
  }
  INVARIANT(path.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<const Manifest> manifest = make_manifest();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view host = next_line(text);
  const std::string_view method = next_line(text);
  const std::string_view path = text;
  const RouteMatch match = manifest->router->find(host, path, method);
  if (match.domain != nullptr) {
    const std::string& name = match.domain->name;
    const std::string_view end = name[0] == '*' ? std::string_view(name).substr(1) : std::string_view(name);
    INVARIANT(host.size() >= end.size() && host.substr(host.size() - end.size()) == end);
    INVARIANT(name[0] == '*' || host == name);
  }
  switch (match.outcome) {
    case RouteMatch::Outcome::found: {
      const Api& api = *match.api;
      INVARIANT(api.method == method || (api.method == "GET" && method == "HEAD"));
      INVARIANT(serves(api, match.domain));
      check_path(api, path);
      PathParameters parameters(api, path);
      std::string_view name;
      std::string_view value;
      while (parameters.next(name, value)) {
        INVARIANT(api.path.find("{" + std::string(name) + "}") != std::string::npos);
        INVARIANT(!value.empty() && value.find('/') == std::string_view::npos);
      }
      break;
    }
    case RouteMatch::Outcome::method_not_allowed:
      INVARIANT(match.api == nullptr && !match.allow.empty());
      INVARIANT(manifest->router->find(host, path, match.allow[0] == 'G' ? "GET" : "POST").api != nullptr);
      break;
    case RouteMatch::Outcome::not_found:
      INVARIANT(match.api == nullptr && match.allow.empty());
      INVARIANT(manifest->router->find(host, path, "GET").api == nullptr);
      INVARIANT(manifest->router->find(host, path, "POST").api == nullptr);
      break;
  }
  return 0;
}
