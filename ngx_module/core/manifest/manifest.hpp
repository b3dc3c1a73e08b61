// The manifest model: what a gateway serves, as nginx reads it. Immutable once
// read: plain structures, no reference counts, no caches, so that nginx's
// workers share its pages (copy on write). Made by read_manifest() in
// manifest_reader.hpp; owned by whoever read it (nginx: the configuration
// cycle), and every pointer and view into it lives as long as it does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/envelope.hpp"
#include "core/answer/format.hpp"
#include "core/digest.hpp"
#include "core/manifest/internal_value.hpp"
#include "core/manifest/mask_key.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/program.hpp"
#include "core/proof/cursor.hpp"
#include "core/proof/jwt_setting.hpp"
#include "core/secret.hpp"

namespace tablegate::core {

enum class ParameterPlace : uint8_t { query, path, header, body };
enum class ResultShape : uint8_t { object, list, page };
enum class AuthenticationType : uint8_t { api_key, jwt, hmac };

// The types that an API takes; none: it is open to all.
struct Authentication {
  bool api_key = false;
  bool jwt = false;
  bool hmac = false;

  bool open() const { return !api_key && !jwt && !hmac; }
};

// What an API asks of HMAC signatures (interface: Api, `hmac`).
struct HmacRule {
  bool sha256 = true;
  bool sha1 = false;
  bool require_nonce = false;
  bool require_content_md5 = true;  // concerns bodies that are no form
};

struct Parameter {
  std::string name;
  ParameterPlace place = ParameterPlace::query;
  ParameterType type = ParameterType::string;
  ColumnType column_type = ColumnType::text;
  bool required = true;
  bool list = false;     // takes a list of values, bound as one array
  bool pattern = false;  // a STRING that LIKE compares with
  std::optional<std::string> default_value;
  std::optional<std::vector<std::string>> default_items;  // of a list, instead of default_value
  std::string time_zone;  // of a DATETIME without offset; a name of PostgreSQL's
};

struct Column {
  std::string name;
  std::string key;  // `"name":` as JSON, ready to be written
  ColumnType type = ColumnType::text;
  bool as_string = false;
  bool wall = false;  // the next output column is the same instant in the table's zone

  bool is_json() const { return type == ColumnType::json || type == ColumnType::jsonb; }
};

// Where an API key is when it is not `Authorization: Bearer KEY`.
struct ApiKeySource {
  enum class In : uint8_t { bearer, header, query } in = In::bearer;
  std::string name;
};

// How a request selects one of several versions of a REST API where the path does not.
struct VersionKey {
  enum class In : uint8_t { none, header, query } in = In::none;
  std::string name;
  std::string value;
};

// How the rows of an API are divided into pages. Numbers are those of the program's values.
// A mirrored table whose generation the answer of a page names.
struct PageTable {
  uint32_t place = 0;  // in Manifest::tables
  std::string key;     // `"name":` as JSON, ready to be written
};

struct Pages {
  uint32_t max_size = 0;                  // rows; 0: the API has no pages
  bool total = false;                     // callers may ask how many rows there are
  uint32_t parameters = 0;                // pageNum; pageSize, returnTotalNum and cursor follow
  uint32_t rows = 0;                      // InternalValue::Kind::page_rows
  uint32_t offset = 0;                    // page_offset
  uint32_t count = 0;                     // page_total; 0: there is none
  uint32_t keys = 0;                      // the first cursor_key; the others follow
  uint32_t key_count = 0;                 // 0: the order is not total, so there are no cursors
  std::vector<PageTable> tables;          // that the statement reads, by name
  std::string size_detail;                // what the answer says of another pageSize
  const CursorKey* cursor_key = nullptr;  // of the manifest
};

inline constexpr std::string_view kQueryMethod = "QUERY";

// Which formats an API answers in, and how callers choose.
struct Formats {
  FormatList list;
  uint32_t parameter = 0;     // `format` in Api::parameters, where the list has several
  std::string detail;         // what the answer says of another value of it
  std::string accept_detail;  // what 406 says
};

// What all CSV answers of an API have in common.
struct CsvAnswer {
  bool safe = false;        // no cell can be taken for a formula
  std::string header;       // the first line
  std::string disposition;  // the value of Content-Disposition
};

struct Api {
  uint32_t id = 0;     // the catalog's
  uint32_t index = 0;  // place in Manifest::apis
  std::string name;
  std::string workspace;
  std::string rest_api;
  uint32_t version = 0;
  std::string method;
  std::string path;
  std::vector<std::string> path_segments;  // "{user_id}" stays as it is
  bool has_path_parameters = false;
  VersionKey version_key;
  std::vector<std::string> domains;  // empty: any host
  std::string service;
  std::string resource_group;
  uint32_t timeout_ms = 3000;          // until the first rows
  uint32_t stream_timeout_ms = 60000;  // until the last ones
  uint32_t max_records = 2000;
  ResultShape result = ResultShape::list;
  Pages pages;  // of ResultShape::page
  Envelope envelope = Envelope::tablegate;
  Formats formats;
  CsvAnswer csv;  // where `formats` has it
  bool point = false;
  Authentication authentication;
  ApiKeySource api_key_source;
  HmacRule hmac;
  Program program;               // its statement
  std::vector<uint32_t> tables;  // that the statement reads: places in Manifest::tables
  std::vector<Parameter> parameters;
  std::vector<InternalValue> internal;  // their numbers follow those of the parameters
  bool reads_body = false;              // a parameter is in the body
  bool query_method = false;            // of a GET: QUERY may send what is in the query as a body (RFC 10008)
  // What the answer says of a parameter that the API does not have; empty: it is ignored.
  std::string unknown_detail;
  std::vector<Column> columns;
  // Beside this version another one is served to some consumers (canary.hpp).
  uint32_t canary = 0;         // place in Manifest::apis
  uint32_t canary_weight = 0;  // percent of consumers; 0: there is none
  bool is_canary = false;      // this is the other one: no route leads to it
  bool changing = false;       // its rows depend on the time: nothing is remembered of them
  bool kept = true;            // its answers may be kept, here and by callers
  uint64_t mark = 0;      // of its line: another definition under the same id and version has another one
  bool coalesces = true;  // requests that wait at the same time may share a statement
  bool by_keys = false;   // also with other values: Program::keys_statement()
  // Values of headers of its rows. `vary` is empty where no header of a request chooses among them.
  std::string cache_control;
  std::string vary;
  // Values of the headers of an API that is deprecated (RFC 9745, RFC 8594); empty: it is not.
  std::string deprecation;
  std::string sunset;

  // Whether a request of this method is a QUERY, whose body has the parameters of the query.
  bool is_query(std::string_view request_method) const {
    return query_method && request_method == kQueryMethod;
  }
  // Whether equal calls have equal rows until a table of its changes.
  bool has_validator() const { return method == "GET" && kept && !changing && !tables.empty(); }
};

struct Domain {
  std::string name;  // "*.example.com" matches one label or more before it
  bool https = false;
  bool force_https = false;
  int document = -1;  // place in Manifest::documents; -1: none of its own
};

// An OpenAPI document: where the bytes that `tablegate_openapi` sends are in Manifest::documents_file.
struct Document {
  uint64_t offset = 0;  // bytes
  uint64_t length = 0;
  std::string etag;  // with its quotes
};

// When a credential counts, in seconds since 1970: from `not_before` until just before `expires`.
struct Validity {
  int64_t not_before = INT64_MIN;
  int64_t expires = INT64_MAX;
};

struct ApiKey {
  std::string id;
  Digest digest{};
  uint32_t consumer = 0;  // place in Manifest::consumers
  Validity validity;
};

// How a client builds the string that it signs (ngx_module/README.md, "Signatures (HMAC)").
enum class HmacProfile : uint8_t { classic, raw_query };

struct HmacKey {
  std::string id;
  std::string access_key;  // public: X-Ca-Key
  Secret secret;
  HmacProfile profile = HmacProfile::classic;
  uint32_t consumer = 0;  // place in Manifest::consumers
  Validity validity;
};

struct Consumer {
  std::string name;
  bool enabled = true;
  std::vector<uint32_t> apis;  // places in Manifest::apis, sorted
};

class JwtIndex;
class Router;

struct Manifest {
  Manifest();
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  std::string gateway;
  uint64_t publication = 0;
  std::string sha256;              // hex, of all bytes after the header line
  std::string credentials_sha256;  // the same of credentials.json; empty: read without it
  std::vector<Domain> domains;
  std::vector<Api> apis;
  std::vector<Consumer> consumers;
  MaskKeys mask_keys;               // not usable without credentials
  std::vector<std::string> tables;  // names of the mirrored tables that APIs read, sorted
  std::vector<Document> documents;
  uint64_t answer_keys = 0;    // another number with other keys of masks or cursors, of which it says nothing
  CursorKey cursor_key;        // unusable without credentials
  std::string documents_file;  // its name, in the folder of the manifest; empty: there are no documents
  int any_host_document = -1;  // of hosts that are no domain; -1: none
  std::vector<ApiKey> api_keys;    // sorted by digest
  std::vector<HmacKey> hmac_keys;  // sorted by access key
  std::vector<JwtSetting> jwt_settings;
  std::unique_ptr<const JwtIndex> jwt_index;  // of jwt_settings; never null
  std::unique_ptr<const Router> router;

  // The key with this digest, or null.
  const ApiKey* find_api_key(const Digest& digest) const;
  // The key pair with this access key, or null.
  const HmacKey* find_hmac_key(std::string_view access_key) const;
  // What the host's domain answers (null: any other host), or null.
  const Document* find_document(const Domain* domain) const;
  // Whether the consumer may call the API.
  bool authorized(uint32_t consumer, const Api& api) const;
};

}  // namespace tablegate::core
