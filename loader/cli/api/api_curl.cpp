#include "cli/api/api_curl.hpp"

#include <fmt/format.h>

#include "base/percent.hpp"
#include "cli/api/hmac_call.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kLineBreak = " \\\n  ";

class CurlCommand {
 public:
  CurlCommand(const ServedApi& served, const ApiRequest& request)
      : request_(request), base_(base_of(served)) {}

  void word(const std::string& shell_text) { words_ += " " + shell_text; }
  void header(const std::string& name, const std::string& value) {
    // Quoted in any case, so that a placeholder's replacement needs no quoting.
    word("-H '" + inside_quotes(name + ": " + value) + "'");
  }
  std::string text(const std::string& more_query = {}) const {
    std::string line = "curl" + words_;
    for (const auto& [name, value] : request_.headers)
      line += " -H " + shell_word(fmt::format("{}: {}", name, value));
    if (request_.has_body()) line += " --data-raw '" + inside_quotes(encode_values(request_.form)) + "'";
    std::string url = base_ + request_.target();
    if (!more_query.empty()) url += (request_.query.empty() ? "?" : "&") + more_query;
    return line + " '" + inside_quotes(url) + "'";
  }

 private:
  static std::string base_of(const ServedApi& served) {
    const std::string base = served.domains.empty() ? served.address : served.domains.front();
    return base.empty() ? "http://GATEWAY" : base;
  }
  static std::string inside_quotes(const std::string& text) {
    std::string quoted;
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted;
  }

  const ApiRequest& request_;
  std::string base_, words_;
};

std::string api_key_command(const ServedApi& served, const ApiRequest& request) {
  CurlCommand curl(served, request);
  if (request.key_header.empty()) return curl.text(request.key_query + "=<API_KEY>");
  const std::string scheme = request.key_header == "Authorization" ? "Bearer " : "";
  curl.header(request.key_header, scheme + "<API_KEY>");
  return curl.text();
}

std::string jwt_command(const ServedApi& served, const ApiRequest& request) {
  CurlCommand curl(served, request);
  curl.header("Authorization", "Bearer <JWT>");
  return curl.text();
}

// The lines that are signed as words of printf; what the shell fills in stands in double quotes.
std::string hmac_command(const ServedApi& served, const ApiRequest& request) {
  const std::string date = "$DATE", nonce = "$NONCE";
  std::string words;
  const HmacHeaders headers = hmac_headers(request, "<ACCESS_KEY>", date, nonce);
  const std::vector<std::string> lines = lines_to_sign(request, headers);
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const bool filled = lines[i] == date || lines[i] == std::string(kNonceHeader) + ":" + nonce;
    words += " " + (filled ? "\"" + lines[i] + "\"" : shell_word(lines[i]));
  }
  const std::string digest = request.hmac_method == "HmacSHA1" ? "sha1" : "sha256";
  std::string script =
      "SECRET='<SECRET>'\n"
      "DATE=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')\n"
      "NONCE=$(openssl rand -hex 16)\n";
  script += fmt::format(
      "SIGNATURE=$({{ printf '%s\\n'{}; printf %s {}; }}{}| openssl dgst -{} -hmac \"$SECRET\" -binary | "
      "base64)\n",
      words, shell_word(lines.back()), kLineBreak, digest);
  CurlCommand curl(served, request);
  for (const auto& [name, value] : headers.values) {
    const bool filled = !value.empty() && value[0] == '$';
    filled ? curl.word(fmt::format("-H \"{}: {}\"", name, value)) : curl.header(name, value);
  }
  curl.word(fmt::format("-H \"{}: $SIGNATURE\"", kSignatureHeader));
  return script + curl.text();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> curl_commands(const ServedApi& served,
                                                               const ApiRequest& request) {
  std::vector<std::pair<std::string, std::string>> commands;
  for (const std::string& type : request.authentication) {
    commands.emplace_back(type, type == "hmac"  ? hmac_command(served, request)
                                : type == "jwt" ? jwt_command(served, request)
                                                : api_key_command(served, request));
  }
  if (commands.empty()) commands.emplace_back("", CurlCommand(served, request).text());
  return commands;
}

}  // namespace tablegate::loader
