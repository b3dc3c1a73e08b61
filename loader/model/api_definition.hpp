// The definition of an API, read from its JSON once: every field that the program
// uses, and every default. The catalog stores the JSON text as it was written; all
// else (rules, contract check, compile, OpenAPI, sample requests) reads this.
// Example: read_api_definition(text, "API \"Users\"").method is "GET" unless it says
// otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.hpp"

namespace tablegate::loader {

// Where nginx.conf and definitions name no other one.
inline constexpr const char* kDefaultResourceGroup = "default";

// What the type of a list ends in: LONG_LIST.
inline constexpr const char* kListSuffix = "_LIST";

// A "default" or a "sample": a string, number or truth value as a caller would send it, or an array of them.
struct DefaultOrSample {
  std::string text;    // of an array: its items joined by commas
  bool plain = true;   // false: it has no such text (1e30, null) and must be written as a string
  bool array = false;  // written as one
  std::vector<std::string> array_items;

  // What it is for a list parameter: the items of the array, or of the text, which is split at commas.
  std::vector<std::string> items() const;
};

// How a wizard's request parameter is compared with its column, as definitions write it.
enum class Comparison : uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  like,
  not_like,
  in,
  not_in
};
// "=", "NOT LIKE", ...
std::string_view comparison_text(Comparison comparison);
std::optional<Comparison> read_comparison(std::string_view text);

struct RequestParameter {
  std::string name;
  std::string type;                           // of one value: LONG, of type LONG_LIST too
  bool list = false;                          // its type is one of the lists, which only scripts have
  std::string column;                         // default: its name
  bool column_given = false;                  // "column" is written
  Comparison comparison = Comparison::equal;  // "operator"
  bool comparison_given = false;              // "operator" is written
  std::string place;                          // "in"; default: the body of a POST, else the query
  bool in_json = false;                       // of a query: a QUERY may have it in a JSON object
  bool required = true;
  std::optional<DefaultOrSample> default_value, sample;
  std::string description;

  // It takes a list of values.
  bool takes_list() const { return list || comparison == Comparison::in || comparison == Comparison::not_in; }
  // Whether it can be empty where it is present: of a list only a JSON array, or a default, has no items.
  bool may_be_empty() const;
  // As definitions write it: LONG_LIST.
  std::string type_text() const { return type + (list ? kListSuffix : ""); }
  // It takes a pattern, in which `%`, `_` and `\` have a meaning.
  bool takes_pattern() const { return comparison == Comparison::like || comparison == Comparison::not_like; }
  // The sample that can be sent; null: there is none.
  const std::string* sample_text() const { return sample && sample->plain ? &sample->text : nullptr; }
};

// Why the parameter's type does not go with its operator; empty: it does.
std::string bad_comparison(const RequestParameter& parameter);

struct ResponseParameter {
  std::string name;
  std::string column;         // default: its name
  bool column_given = false;  // "column" is written
  std::optional<std::string> type;
  std::string as;                   // "string"; empty: as its column is
  std::optional<std::string> mask;  // as written
  std::optional<DefaultOrSample> sample;
  std::string description;
};

struct ApiKeySource {
  std::string in = "header";
  std::string name = "Authorization";
};

// How HMAC signatures prove a caller.
struct HmacRule {
  std::vector<std::string> methods = {"HmacSHA256"};
  bool require_nonce = false;
  bool require_content_md5 = true;
};

// How long answers may be kept: "cache".
struct CacheRule {
  bool kept = true;                // until a table changes; false: never
  std::optional<int64_t> max_age;  // seconds that callers may keep one without asking again
};

struct SortColumn {
  std::string column;
  bool descending = false;  // "direction"
};

// "age desc, id", as people read it; "none" without columns.
std::string order_words(const std::vector<SortColumn>& order);

struct Pagination {
  bool enabled = true;
  int64_t default_size = 10;  // rows; default: 10, or max_size where that is less
  int64_t max_size = 500;
  bool total = true;  // the total number of rows can be asked for
};

// Until the last rows of an answer. A manifest says only others.
constexpr int64_t kDefaultStreamTimeoutMs = 60000;

struct ApiDefinition {
  std::string name, description, business_process, path;
  std::string table;                         // of a wizard
  std::string data_source;                   // of a script: its tables are of this one
  std::optional<std::string> sql, sql_file;  // of a script: its text, or the file with it
  std::string method = "GET";
  std::string mode = "wizard";
  std::string envelope = "tablegate";
  std::vector<std::string> formats = {"json"};  // the default one first
  bool csv_safe = false;
  std::string result = "list";
  std::string resource_group = kDefaultResourceGroup;
  int64_t timeout_ms = 3000;
  int64_t stream_timeout_ms = kDefaultStreamTimeoutMs;
  int64_t max_records = 2000;
  bool max_records_given = false;
  std::string unknown_parameters = "ignore";
  bool query_method = false;  // of a GET: also QUERY, with the parameters in a body
  bool coalesce = true;       // requests that wait at the same time may share a statement
  CacheRule cache;
  std::vector<RequestParameter> request_parameters;
  bool request_parameters_given = false;
  std::vector<ResponseParameter> response_parameters;
  bool response_parameters_given = false;
  std::vector<std::string> authentication;  // empty: open to all
  std::optional<HmacRule> hmac;             // as written; see hmac_rule()
  std::optional<ApiKeySource> api_key_source;
  std::vector<SortColumn> order_by;
  std::optional<Pagination> pagination;
  std::vector<std::string> tags;
  // What the definition lacks or has in another type, in the order of the fields. The schema allows none of
  // it: only a definition that was never applied has any.
  std::vector<JsonFault> faults;

  // Whether `authentication` lists the type: api_key, jwt, hmac.
  bool takes(std::string_view type) const;
  bool is_script() const { return mode == "script"; }
  // What a script's text is; empty: there is none.
  const std::string& script_text() const;
  bool paginates() const { return pagination && pagination->enabled; }
  // What callers get: page, list, object.
  std::string answer_form() const { return paginates() ? "page" : result; }
  HmacRule hmac_rule() const { return hmac.value_or(HmacRule{}); }
  ApiKeySource key_source() const { return api_key_source.value_or(ApiKeySource{}); }
  bool answers_in(std::string_view format) const;
  // Callers choose between formats, by the parameter `format` too.
  bool has_format_parameter() const { return formats.size() > 1; }
  // "json, csv"
  std::string format_names() const;
  bool rejects_unknown() const { return unknown_parameters == "reject"; }
  // The parameter of this name, or null.
  const RequestParameter* request_parameter(std::string_view parameter) const;
  const ResponseParameter* response_parameter(std::string_view parameter) const;
};

// Never fails: what is not there takes its default, what cannot be read is in `faults`.
ApiDefinition read_api_definition(const JsonValue& definition);
// From the catalog's text; `what` names it in messages. Throws SystemFailure when it is no JSON object.
ApiDefinition read_api_definition(const std::string& text, const std::string& what);

// The text of an API's definition under another name.
std::string renamed_definition(const std::string& text, const std::string& name);

}  // namespace tablegate::loader
