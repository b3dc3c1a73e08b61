#include "core/manifest/manifest_lines.hpp"

#include <jansson.h>

#include <optional>

#include "core/digest.hpp"

namespace tablegate::core {
namespace {

Status read_header(std::string_view line, const LineForm& form, const ReadObject& header,
                   std::string& sha256) {
  const std::string what = form.what;
  json_error_t error;
  JsonPtr json(json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES, &error));
  if (!json) return Error{"is no " + what + " header: " + error.text, "line 1"};
  // The format first: a newer one may have other fields.
  const json_t* format = json_object_get(json.get(), "format");
  if (!json_is_integer(format)) return Error{"has no format, so this is no " + what, "line 1"};
  if (json_integer_value(format) != form.format) {
    return Error{"has format " + std::to_string(json_integer_value(format)) + ", this program reads format " +
                     std::to_string(form.format),
                 "line 1"};
  }
  std::optional<Error> problem;
  ObjectReader in(json.get(), "", problem);
  in.integer("format", form.format, form.format);
  header(in);
  sha256 = in.string("sha256");
  in.done();
  if (problem) return Error{problem->text(), "line 1"};
  return Done{};
}

Status check_digest(std::string_view rest, const std::string& expected) {
  Digest digest;
  Sha256 sha256;
  if (!sha256.digest(rest, digest)) return Error{"SHA-256 is not available", {}};
  if (to_hex(digest) != expected)
    return Error{"is damaged or was edited: its bytes do not have the SHA-256 of the header", {}};
  return Done{};
}

// Whose key set or secret it is: a pointer alone does not tell people.
std::string consumer_of(const json_t* line, const Error& problem) {
  const char* name = json_string_value(json_object_get(line, "name"));
  if (name == nullptr || problem.where.compare(0, 4, "/jwt") != 0) return {};
  return "consumer \"" + std::string(name) + "\": ";
}

}  // namespace

Status read_lines(std::string_view text, const LineForm& form, const ReadObject& header, const ReadLine& line,
                  std::string& sha256) {
  const size_t first = text.find('\n');
  if (first == std::string_view::npos) return Error{"is empty or has no header line", {}};
  std::string_view rest = text.substr(first + 1);
  if (Status read = read_header(text.substr(0, first), form, header, sha256); !read) return read;
  if (Status digest = check_digest(rest, sha256); !digest) return digest;
  for (size_t number = 2; !rest.empty(); ++number) {
    const std::string where = "line " + std::to_string(number);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Error{"does not end", where};
    json_error_t error;
    JsonPtr json(json_loadb(rest.data(), end, JSON_REJECT_DUPLICATES, &error));
    if (!json) return Error{error.text, where};
    if (!json_is_object(json.get())) return Error{"must be an object", where};
    std::optional<Error> problem;
    ObjectReader in(json.get(), "", problem);
    line(in, rest.substr(0, end));
    in.done();
    if (problem) return Error{consumer_of(json.get(), *problem) + problem->text(), where};
    rest.remove_prefix(end + 1);
  }
  return Done{};
}

}  // namespace tablegate::core
