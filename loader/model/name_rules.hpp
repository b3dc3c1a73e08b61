// Which characters and lengths names and other words of definitions may have.
// Each function gives the reason why a text is refused,
// empty when it is fine. Reasons hold the rule, not the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

// Names that stand in logs, headers and nginx.conf: workspaces, consumers, REST APIs, gateways, data sources,
// services, resource groups. 1 to 64 of A-Z a-z 0-9 _ . -, the first one a letter, digit or _.
std::string bad_plain_name(std::string_view name);
// APIs and business processes: 4 to 50 characters; letters of any script, digits, '_', '-', space.
std::string bad_display_name(std::string_view name);
// Tables: [a-z_][a-z0-9_]{0,47}, not tablegate_*.
std::string bad_table_name(std::string_view name);
// Request parameters: [A-Za-z_][A-Za-z0-9_.-]{0,63}.
std::string bad_parameter_name(std::string_view name);
// Headers of a definition's own: names that nginx does not drop (letters, digits, '-'), and none of HTTP
// itself.
std::string bad_own_header(std::string_view name);
// The same, or Authorization.
std::string bad_credential_header(std::string_view name);
// LDH host, optional leading "*.", in lower case.
std::string bad_host(std::string_view name);
// Absolute, of A-Za-z0-9_./-.
std::string bad_node_path(std::string_view path);
// A `listen` of nginx: port, address:port or [v6]:port (listen_address.hpp).
std::string bad_listen(std::string_view listen);
// http:// or https://, host, optional port and path, no trailing '/'.
std::string bad_base_url(std::string_view url);
// A path of an API ("{name}" segments allowed) or a base path (not allowed); `names` gets the parameters.
std::string bad_path(std::string_view path, bool parameters, std::vector<std::string>& names);
// At most `limit` characters of UTF-8 without control characters.
std::string bad_text(std::string_view text, size_t limit);

// Characters (code points) of valid UTF-8.
size_t count_characters(std::string_view text);

}  // namespace tablegate::loader
