#include "model/name_rules.hpp"

#include <fmt/format.h>
#include <wctype.h>

#include <algorithm>
#include <clocale>
#include <iterator>
#include <memory>
#include <type_traits>

#include "core/text/ascii.hpp"
#include "model/listen_address.hpp"

namespace tablegate::loader {
namespace {

using core::is_digit, core::is_letter, core::is_lower;

bool all_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || more.find(c) != std::string_view::npos;
  });
}

// glibc's own table of C.UTF-8: letters and digits of all scripts, whatever the user's locale is.
bool is_letter_of_any_script(wint_t character) {
  struct Locale {
    locale_t handle = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    ~Locale() {
      if (handle != nullptr) freelocale(handle);
    }
  };
  static const Locale locale;
  return locale.handle != nullptr && iswalnum_l(character, locale.handle) != 0;
}

// The next code point of valid UTF-8.
wint_t next_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  wint_t character = size == 1 ? first : first & (0x7fU >> size);
  for (size_t i = 1; i < size && i < text.size(); ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  text.remove_prefix(std::min(size, text.size()));
  return character;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

}  // namespace

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string bad_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !all_of(name, "_.-") || name.front() == '.' ||
      name.front() == '-') {
    return "must be 1 to 64 characters of A-Z a-z 0-9 _ . - and begin with a letter, a digit or _";
  }
  return {};
}

std::string bad_display_name(std::string_view name) {
  const size_t size = count_characters(name);
  if (size < 4 || size > 50) return fmt::format("must be 4 to 50 characters long, not {}", size);
  if (name.front() == ' ' || name.back() == ' ') return "must not begin or end with a space";
  for (std::string_view rest = name; !rest.empty();) {
    const wint_t character = next_character(rest);
    if (character == '_' || character == '-' || character == ' ' || is_letter_of_any_script(character))
      continue;
    return fmt::format("character U+{:04X} is not allowed: letters, digits, _, - and space are", character);
  }
  return {};
}

std::string bad_table_name(std::string_view name) {
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
  if (name.empty() || name.size() > 48 || !plain || is_digit(name.front())) {
    return "must be 1 to 48 characters of a-z 0-9 _ and not begin with a digit";
  }
  if (name.rfind("tablegate_", 0) == 0) return "names that begin with tablegate_ are ours";
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  if (digits < name.size() && digits >= 3 && name.substr(digits - 3, 3) == "__g") {
    return "names that end in __g and a number are kept for generations";
  }
  return {};
}

std::string bad_parameter_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !all_of(name, "_.-") ||
      (!is_letter(name.front()) && name.front() != '_')) {
    return "must be 1 to 64 characters of A-Z a-z 0-9 _ . - and begin with a letter or _";
  }
  return {};
}

std::string bad_own_header(std::string_view name) {
  if (name.empty() || name.size() > 64 || !all_of(name, "-") || !is_letter(name.front()))
    return "a header's name must be 1 to 64 letters, digits and '-' (nginx drops headers of other names)";
  // Request headers of RFC 9110 to 9112, of cookies, of browsers and of proxies.
  constexpr std::string_view kNames[] = {"accept",
                                         "connection",
                                         "cookie",
                                         "cookie2",
                                         "date",
                                         "dnt",
                                         "expect",
                                         "forwarded",
                                         "from",
                                         "host",
                                         "http2-settings",
                                         "keep-alive",
                                         "max-forwards",
                                         "origin",
                                         "pragma",
                                         "cache-control",
                                         "range",
                                         "referer",
                                         "te",
                                         "trailer",
                                         "transfer-encoding",
                                         "upgrade",
                                         "user-agent",
                                         "via",
                                         "warning"};
  constexpr std::string_view kGroups[] = {"accept-", "content-", "if-", "proxy-", "sec-"};
  const std::string lower = core::to_lower(name);
  const bool of_http = std::find(std::begin(kNames), std::end(kNames), lower) != std::end(kNames) ||
                       std::any_of(std::begin(kGroups), std::end(kGroups),
                                   [&lower](std::string_view group) { return lower.rfind(group, 0) == 0; });
  if (!of_http) return {};
  return fmt::format(
      "{0} is a header of HTTP itself, which clients, proxies and nginx set: use one of your own, such as "
      "X-{0}",
      name);
}

std::string bad_credential_header(std::string_view name) {
  return core::to_lower(name) == "authorization" ? std::string{} : bad_own_header(name);
}

std::string bad_host(std::string_view name) {
  if (name.size() > 253) return "a host name has at most 253 characters";
  std::string_view rest = name;
  if (rest.substr(0, 2) == "*.") rest.remove_prefix(2);
  size_t labels = 0;
  for (bool more = true; more; ++labels) {
    const size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) {
      return "must be a host name: labels of a-z 0-9 - (lower case, at most 63 each, no - at their ends), an "
             "optional "
             "leading \"*.\"";
    }
    more = dot != std::string_view::npos;
    if (more) rest.remove_prefix(dot + 1);
  }
  return {};
}

std::string bad_node_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > 1024 || !all_of(path, "_./-")) {
    return "must be an absolute path of A-Z a-z 0-9 _ . / -";
  }
  return {};
}

std::string bad_listen(std::string_view listen) {
  if (parse_listen(listen)) return {};
  return "must be a port, address:port or [v6 address]:port";
}

std::string bad_base_url(std::string_view url) {
  const char* const rule =
      "must be a base URL: http:// or https://, a host, an optional port and path, no / at the end";
  std::string_view rest = url;
  if (rest.rfind("http://", 0) == 0) {
    rest.remove_prefix(7);
  } else if (rest.rfind("https://", 0) == 0) {
    rest.remove_prefix(8);
  } else {
    return rule;
  }
  if (rest.empty() || rest.size() > 500 || rest.front() == '/' || rest.front() == ':' || rest.back() == '/' ||
      !all_of(rest, "_.~/:[]-")) {
    return rule;
  }
  return {};
}

std::string bad_path(std::string_view path, bool parameters, std::vector<std::string>& names) {
  if (path.empty() || path.front() != '/') return "must start with /";
  if (path.size() > 200)
    return fmt::format("must be at most 200 characters long, not {}", count_characters(path));
  if (path == "/") return {};
  for (std::string_view rest = path.substr(1);;) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (segment.empty() && !(last && parameters)) return last ? "must not end with /" : "must not hold //";
    if (segment == "." || segment == "..") return "must not hold the segments . and ..: nginx resolves them";
    if (!segment.empty() && segment.front() == '{' && segment.back() == '}' && segment.size() > 1) {
      if (!parameters) return "must not hold {parameters}";
      const std::string name(segment.substr(1, segment.size() - 2));
      if (const std::string reason = bad_parameter_name(name); !reason.empty()) return "{name} " + reason;
      if (std::find(names.begin(), names.end(), name) != names.end()) return "{" + name + "} is repeated";
      names.push_back(name);
    } else if (!all_of(segment, "_-.")) {
      return parameters ? "must be of A-Z a-z 0-9 _ - . / and whole segments {name}"
                        : "must be of A-Z a-z 0-9 _ - . /";
    }
    if (last) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::string bad_text(std::string_view text, size_t limit) {
  if (text.empty()) return "must not be empty";
  if (count_characters(text) > limit) return fmt::format("must be at most {} characters long", limit);
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
  return control ? "must not hold control characters" : std::string{};
}

}  // namespace tablegate::loader
