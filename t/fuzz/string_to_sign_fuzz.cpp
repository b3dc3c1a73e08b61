// What an HMAC signature covers. The input is a request: a byte (profile and
// kind of body), a line with the method, one with the target, lines with
// headers, an empty one, the body; bytes that HTTP cannot transfer are left
// out. A second, simpler implementation of the rules says which requests are
// rejected and what the text is. The text is also read back into the method,
// the headers, the path and every pair, so that no two requests share one. This
// cannot hold if a decoded name or value holds '&' or a decoded name '=':
// Alibaba's text does not escape them. It holds for all four spellings at once.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/manifest/manifest_reader.hpp"
#include "core/proof/hmac.hpp"
#include "core/text/base64.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;
using tablegate::fuzz::next_line;
using tablegate::fuzz::plain_decode;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kFixed[] = {"accept", "content-md5", "content-type", "date"};
constexpr const char* kList = "x-ca-signature-headers";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (lower({&c, 1})[0] >= 'a' && lower({&c, 1})[0] <= 'z') ||
           (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
  });
}

std::string on_the_wire(std::string_view text, bool blanks) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte > ' ' && byte != 0x7f) || (blanks && (c == ' ' || c == '\t'))) out += c;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Request {
  std::string method, target;
  Lines headers;
  Body body;
  bool raw = false;

  unsigned count(std::string_view name) const {
    return static_cast<unsigned>(std::count_if(headers.begin(), headers.end(), [name](const auto& line) {
      return lower(line.first) == lower(name);
    }));
  }
  std::string_view value(std::string_view name) const {
    for (const auto& [header, value] : headers) {
      if (lower(header) == lower(name)) return value;
    }
    return {};
  }
  std::string_view query() const {
    const size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
  std::string_view form() const { return body.kind == Body::Kind::form ? body.bytes : std::string_view(); }
};

class Headers final : public HeaderSource {
 public:
  explicit Headers(const Request& request) : request_(request) {}
  void visit(Visitor& visitor) const override {
    for (const auto& [name, value] : request_.headers) visitor.header(name, value);
  }

 private:
  const Request& request_;
};

Request read_request(std::string_view input) {
  Request request;
  const unsigned how = input.empty() ? 0 : static_cast<unsigned char>(input[0]);
  input.remove_prefix(std::min<size_t>(1, input.size()));
  request.raw = how % 2 == 1;
  for (const char c : next_line(input)) {
    if (token({&c, 1})) request.method += c;
  }
  request.target = on_the_wire(next_line(input), false);
  if (request.target.substr(0, 1) != "/") request.target.insert(0, "/");
  while (!input.empty()) {
    const std::string_view line = next_line(input);
    if (line.empty()) break;
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string name = lower(line.substr(0, colon));
    if (!token(name) || name == "x-ca-key" || name == "x-ca-signature") continue;
    request.headers.emplace_back(line.substr(0, colon),
                                 trimmed(on_the_wire(line.substr(std::min(colon + 1, line.size())), true)));
  }
  constexpr Body::Kind kKinds[] = {Body::Kind::form, Body::Kind::json, Body::Kind::other};
  if (!input.empty()) request.body = {kKinds[how / 2 % 3], input};
  return request;
}

// The expected result for a request.
struct Expected {
  bool good = true;
  std::map<std::string, std::string> headers;      // as listed
  std::map<std::string, std::string> query, form;  // decoded
  Pairs signed_pairs;                              // in the order of the text
};

// False: rejected.
bool read_pairs(std::string_view text, bool raw, Expected& expected,
                std::map<std::string, std::string>& map) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const size_t sign = std::min(part.find('='), part.size());
    const std::string_view raw_name = part.substr(0, sign);
    const std::string_view raw_value = part.substr(std::min(sign + 1, part.size()));
    std::string name, value;
    if (!plain_decode(raw_name, name) || !plain_decode(raw_value, value)) return false;
    if (expected.query.count(name) + expected.form.count(name) != 0) return false;
    map[name] = value;
    if (raw) {
      expected.signed_pairs.emplace_back(raw_name, raw_value);
    } else {
      expected.signed_pairs.emplace_back(name, value);
    }
  }
  return true;
}

bool read_list(const Request& request, Expected& expected) {
  for (const char* name : kFixed) {
    if (request.count(name) > 1) return false;
  }
  if (request.count(kList) > 1) return false;
  std::set<std::string> seen;
  std::string list(request.value(kList));
  const auto commas = static_cast<size_t>(std::count(list.begin(), list.end(), ','));
  if (commas + (list.empty() || list.back() == ',' ? 0 : 1) > 100) return false;
  list += ',';
  for (size_t at = 0, end = 0; (end = list.find(',', at)) != std::string::npos; at = end + 1) {
    const std::string name(trimmed(std::string_view(list).substr(at, end - at)));
    if (name.empty()) continue;
    if (!token(name)) return false;
    const std::string low = lower(name);
    if (low == kList || low == "x-ca-signature" ||
        std::find(std::begin(kFixed), std::end(kFixed), low) != std::end(kFixed))
      continue;
    if (request.count(name) > 1 || !seen.insert(low).second) return false;
    expected.headers[name] = std::string(request.value(name));
  }
  return true;
}

Expected expect(const Request& request) {
  Expected expected;
  expected.good = request.target.find('#') == std::string::npos && read_list(request, expected) &&
                  read_pairs(request.query(), request.raw, expected, expected.query) &&
                  read_pairs(request.form(), false, expected, expected.form) &&
                  expected.signed_pairs.size() <= 1024;
  std::sort(expected.signed_pairs.begin(), expected.signed_pairs.end());
  for (size_t i = 1; i < expected.signed_pairs.size(); ++i) {
    if (expected.signed_pairs[i].first == expected.signed_pairs[i - 1].first) expected.good = false;
  }
  return expected;
}

// The text by the rules in ngx_module/README.md, "Signatures (HMAC)".
std::string write_text(const Request& request, const Expected& expected, SignedRequest::Spelling spelling) {
  std::string text = request.method + "\n";
  for (const char* name : kFixed) text.append(request.value(name)).append("\n");
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : expected.headers)
    headers[spelling.lower_case ? lower(name) : name] = value;
  for (const auto& [name, value] : headers) text.append(name).append(":").append(value).append("\n");
  text += request.target.substr(0, request.target.find('?'));
  const char* before = "?";
  for (const auto& [name, value] : expected.signed_pairs) {
    text.append(before).append(name);
    if (!value.empty() || spelling.empty_with_sign) text.append("=").append(value);
    before = "&";
  }
  return text;
}

// Reads a text back. No header's name begins with '/', so the path is where the first such line begins.
void check_read_back(const Request& request, const Expected& expected, std::string_view text) {
  INVARIANT(next_line(text) == request.method);
  for (const char* name : kFixed) INVARIANT(next_line(text) == request.value(name));
  std::map<std::string, std::string> headers, wanted;
  for (const auto& [name, value] : expected.headers) wanted[lower(name)] = value;
  while (text.substr(0, 1) != "/") {
    const std::string_view line = next_line(text);
    const size_t colon = line.find(':');
    INVARIANT(colon != std::string_view::npos);
    headers[lower(line.substr(0, colon))] = std::string(line.substr(colon + 1));
  }
  INVARIANT(headers == wanted);
  const size_t mark = std::min(text.find('?'), text.size());
  INVARIANT(text.substr(0, mark) == request.target.substr(0, request.target.find('?')));
  text.remove_prefix(mark);
  for (const auto& [name, value] : expected.signed_pairs) {
    if (name.find_first_of("&=") != std::string::npos || value.find('&') != std::string::npos) return;
  }
  Pairs pairs;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view part = text.substr(0, text.find('&'));
    const size_t sign = std::min(part.find('='), part.size());
    pairs.emplace_back(part.substr(0, sign), part.substr(std::min(sign + 1, part.size())));
    text.remove_prefix(part.size());
  }
  INVARIANT(pairs == expected.signed_pairs);
}

// A statement's parameter has the value that was signed, and is found once.
void check_parameters(std::string_view text, const std::map<std::string, std::string>& map) {
  for (const auto& [name, value] : map) {
    if (name.empty()) continue;  // not a parameter's name; empty parts are skipped
    const QueryValue found = find_query_value(text, name);
    INVARIANT(found.count == 1);
    BlockArena arena;
    INVARIANT(decode_query_value(found.raw, arena) == value);
  }
}

constexpr std::string_view kSecret = "secret";

const Manifest& a_manifest() {
  static const std::unique_ptr<const Manifest> manifest = [] {
    const std::string consumers =
        R"({"kind":"consumer","name":"c","enabled":true,"apis":[],"api_keys":[],"hmac_keys":[)"
        R"({"id":"h1","access_key":"classic","secret":"secret","profile":"classic"},)"
        R"({"id":"h2","access_key":"raw","secret":"secret","profile":"raw-query"}]})"
        "\n";
    Result<std::unique_ptr<const Manifest>> read =
        read_manifest(tablegate::fuzz::with_header({}), tablegate::fuzz::credentials_of(consumers, {}));
    INVARIANT(static_cast<bool>(read));
    return std::move(*read);
  }();
  return *manifest;
}

struct Outcome {
  Problem problem;
  bool proved = false;
  std::string string_to_sign;
};

Outcome verify(const Request& request, const std::string& access_key, const std::string& signature) {
  static HmacVerifier verifier(a_manifest());
  static Sha256 sha256;
  Request call = request;
  call.headers.emplace_back("X-Ca-Key", access_key);
  call.headers.emplace_back("X-Ca-Signature", signature);
  const Headers headers(call);
  RequestData data;
  data.headers = &headers;
  data.method = call.method;
  data.target = call.target;
  data.body = &call.body;
  Api api;
  api.hmac.sha1 = true;
  api.hmac.require_content_md5 = false;
  HmacPolicy policy;
  policy.window = 0;
  BlockArena arena;
  HmacProof proof;
  Outcome outcome;
  outcome.problem = verifier.verify(api, data, policy, 0, sha256, arena, proof);
  outcome.proved = proof.key != nullptr;
  outcome.string_to_sign = proof.string_to_sign;
  INVARIANT(outcome.proved == !outcome.problem);
  INVARIANT(string_to_sign_message(outcome.string_to_sign).find_first_of("\r\n") == std::string::npos);
  return outcome;
}

// The signature of every spelling is accepted, that of another text is not, and an unknown key looks like a
// wrong signature. Other checks of verify() may reject the request, with every key.
void check_proof(const Request& request, const std::set<std::string>& texts, const Expected& expected) {
  const HmacHash hash =
      request.value("x-ca-signature-method") == "HmacSHA1" ? HmacHash::sha1 : HmacHash::sha256;
  const std::string key = request.raw ? "raw" : "classic";
  // In the list, but always sent here.
  for (const auto& [name, value] : expected.headers) {
    if (lower(name) == "x-ca-key") return;
  }
  const Outcome wrong = verify(request, key, hmac_signature(hash, kSecret, "x" + *texts.begin()));
  INVARIANT(!wrong.proved);
  const bool compared = wrong.problem.reason == "signature_mismatch";
  INVARIANT(compared || wrong.string_to_sign.empty());
  INVARIANT(!compared || texts.count(wrong.string_to_sign) == 1);
  for (const std::string& text : texts)
    INVARIANT(verify(request, key, hmac_signature(hash, kSecret, text)).proved == compared);
  if (request.raw) return;  // no client's requests are read as `classic` ones
  const Outcome unknown = verify(request, "nobody", hmac_signature(hash, kSecret, *texts.begin()));
  INVARIANT(!unknown.proved && unknown.problem.slug == wrong.problem.slug);
  INVARIANT(unknown.problem.detail == wrong.problem.detail && unknown.string_to_sign == wrong.string_to_sign);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Request request = read_request({reinterpret_cast<const char*>(data), size});
  const Headers headers(request);
  RequestData wire;
  wire.headers = &headers;
  wire.method = request.method;
  wire.target = request.target;
  wire.body = &request.body;
  const Expected expected = expect(request);
  BlockArena arena;
  SignedRequest signed_request;
  const Problem problem =
      signed_request.read(wire, request.raw ? HmacProfile::raw_query : HmacProfile::classic, arena);
  INVARIANT(expected.good == !problem);
  if (problem) {
    INVARIANT(problem.slug == Slug::invalid_parameter || problem.slug == Slug::invalid_signature);
    INVARIANT(problem.subject.empty());
    return 0;
  }
  std::set<std::string> texts;
  for (unsigned number = 0; number < signed_request.spellings(); ++number) {
    const SignedRequest::Spelling spelling = signed_request.spelling(number);
    const std::string text(signed_request.text(spelling));
    INVARIANT(text == write_text(request, expected, spelling));
    check_read_back(request, expected, text);
    INVARIANT(texts.insert(text).second);  // as many as it reports
  }
  INVARIANT(texts.count(std::string(signed_request.text({}))) == 1);
  for (const auto& [name, value] : expected.headers) INVARIANT(signed_request.covers(lower(name)));
  check_parameters(request.query(), expected.query);
  check_parameters(request.form(), expected.form);
  check_proof(request, texts, expected);
  return 0;
}
