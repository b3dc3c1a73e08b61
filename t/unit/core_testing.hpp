// Shared by the unit tests of core: a request's headers, and manifests with the
// right header line.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/answer/json_writer.hpp"
#include "core/call/parameters.hpp"
#include "core/digest.hpp"
#include "core/manifest/credentials_reader.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "testing.hpp"

namespace tablegate::core::testing {

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

class Headers final : public HeaderSource {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> all) : all_(all) {}

  void add(const std::string& name, const std::string& value) { all_.emplace_back(name, value); }

  void visit(Visitor& visitor) const override {
    for (const auto& [name, value] : all_) visitor.header(name, value);
  }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// A request with this query.
inline RequestData request_of_query(std::string_view query) {
  RequestData request;
  request.query = query;
  return request;
}

// A request with this body, which must outlive it.
inline RequestData request_of_body(const Body& body) {
  RequestData request;
  request.body = &body;
  return request;
}

// An arena that fails after `left` allocations.
class ScarceArena final : public Arena {
 public:
  explicit ScarceArena(int left) : left_(left) {}
  void* allocate(size_t size) override { return left_-- > 0 ? blocks_.allocate(size) : nullptr; }

 private:
  int left_;
  BlockArena blocks_;
};

inline std::string sha256_hex(std::string_view bytes) {
  Sha256 sha256;
  Digest digest{};
  ck_assert(sha256.digest(bytes, digest));
  return to_hex(digest);
}

// `body` under the header line that fits it.
inline std::string manifest_text(const std::string& body) {
  return R"({"format":2,"gateway":"g","publication":7,"sha256":")" + sha256_hex(body) + "\"}\n" + body;
}

// Lines of consumers as the credentials of the manifest with this body.
inline std::string credentials_text(const std::string& consumers, const std::string& manifest_body) {
  return R"({"format":1,"gateway":"g","manifests":[")" + sha256_hex(manifest_body) + R"("],"sha256":")" +
         sha256_hex(consumers) + "\"}\n" + consumers;
}

struct BothFiles {
  std::string manifest, credentials;
};

// Consumers' lines become the credentials, all others the manifest.
inline BothFiles both_files(std::string_view lines) {
  std::string manifest, credentials;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const size_t size = end == std::string_view::npos ? lines.size() : end + 1;
    const bool consumer = lines.rfind(R"({"kind":"consumer")", 0) == 0;
    (consumer ? credentials : manifest).append(lines.substr(0, size));
    lines.remove_prefix(size);
  }
  return {manifest_text(manifest), credentials_text(credentials, manifest)};
}

// An API's line of a manifest; `change` replaces parts of it: {"what is there", "replacement"}.
inline std::string api_line(const std::string& id, const std::string& method, const std::string& path,
                            const std::string& domains = "[]",
                            std::initializer_list<std::pair<std::string, std::string>> change = {}) {
  std::string line =
      R"({"kind":"api","id":)" + id + R"(,"name":"api )" + id +
      R"(","workspace":"w","rest_api":"r","version":1,"method":")" + method + R"(","path":")" + path +
      R"(","domains":)" + domains +
      R"(,"service":"default","resource_group":"default","timeout_ms":3000,"max_records":2000,)"
      R"("result":"list","point":false,"authentication":["api_key"],"parameters":[],)"
      R"("statement":["SELECT 1"],"columns":[{"name":"a","type":"int4"}]})";
  for (const auto& [from, to] : change) {
    const size_t at = line.find(from);
    ck_assert_msg(at != std::string::npos, "%s is not in the line", from.c_str());
    line.replace(at, from.size(), to);
  }
  return line + "\n";
}

inline std::string domain_line(const std::string& name) {
  return R"({"kind":"domain","name":")" + name + "\",\"protocol\":\"HTTP\",\"force_https\":false}\n";
}

// `lines`: of both files.
inline std::unique_ptr<const Manifest> good_manifest(const std::string& lines) {
  const BothFiles files = both_files(lines);
  Result<std::unique_ptr<const Manifest>> manifest = read_manifest(files.manifest, files.credentials);
  ck_assert_msg(static_cast<bool>(manifest), "refused: %s", manifest ? "" : manifest.error().text().c_str());
  return std::move(*manifest);
}

// The reason for which read_manifest() rejects `text`.
inline std::string refusal_of(const std::string& text) {
  Result<std::unique_ptr<const Manifest>> manifest = read_manifest(text);
  return manifest ? std::string("accepted") : manifest.error().text();
}

// The same of credentials that have these lines.
inline std::string refusal_of_credentials(const std::string& consumers) {
  const Status read = check_credentials(credentials_text(consumers, {}));
  return read ? std::string("accepted") : read.error().text();
}

inline Column column(ColumnType type, bool as_string = false, bool wall = false) {
  Column out;
  out.name = "c";
  out.key = "\"c\":";
  out.type = type;
  out.as_string = as_string;
  out.wall = wall;
  return out;
}

inline Cell cell(std::string_view text) {
  return {text.data(), text.size()};
}

// Has memory for so many reservations.
class FullSink final : public ByteSink {
 public:
  explicit FullSink(int left) : left_(left) {}
  char* reserve(size_t size) override {
    room_.resize(size + 1);
    return left_-- > 0 ? room_.data() : nullptr;
  }
  void commit(size_t) override {}

 private:
  int left_;
  std::string room_;
};

// One value as core writes it.
inline std::string written(const Column& column, std::string_view text, std::string_view wall = {}) {
  StringSink sink;
  ck_assert(write_value(column, cell(text), wall.empty() ? Cell{} : cell(wall), sink));
  return sink.text;
}

}  // namespace tablegate::core::testing
