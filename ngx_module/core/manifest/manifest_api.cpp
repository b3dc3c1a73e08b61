#include "core/manifest/manifest_api.hpp"

#include <algorithm>

#include "core/answer/csv_writer.hpp"
#include "core/answer/json_writer.hpp"
#include "core/call/page.hpp"
#include "core/call/unknown_parameters.hpp"
#include "core/manifest/manifest_program.hpp"
#include "core/route/router.hpp"
#include "core/text/http_date.hpp"

namespace tablegate::core {

namespace {

// Splits "/a/{b}/c" into "a", "{b}", "c".
void split_path(Api& api) {
  size_t at = 0;
  while (at < api.path.size()) {
    size_t end = api.path.find('/', at + 1);
    if (end == std::string::npos) end = api.path.size();
    api.path_segments.push_back(api.path.substr(at + 1, end - at - 1));
    const std::string& segment = api.path_segments.back();
    if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') api.has_path_parameters = true;
    at = end;
  }
}

ColumnType read_column_type(ObjectReader& in, const char* name) {
  if (const auto type = parse_column_type(in.string(name))) return *type;
  in.fail(name, "is no column type");
  return ColumnType::text;
}

Parameter read_parameter(ObjectReader& in) {
  Parameter out;
  out.name = in.string("name");
  out.place = in.word<ParameterPlace>("in", {{"query", ParameterPlace::query},
                                             {"path", ParameterPlace::path},
                                             {"header", ParameterPlace::header},
                                             {"body", ParameterPlace::body}});
  if (auto type = parse_parameter_type(in.string("type"))) {
    out.type = *type;
  } else {
    in.fail("type", "is no parameter type");
  }
  out.column_type = read_column_type(in, "column_type");
  if (!compatible(out.type, out.column_type)) in.fail("type", "does not go with column_type");
  out.required = in.boolean("required");
  if (in.has("list")) out.list = in.boolean("list");
  if (in.has("pattern")) out.pattern = in.boolean("pattern");
  if (out.pattern && (out.list || out.type != ParameterType::string))
    in.fail("pattern", "is for one value of type STRING");
  if (in.has("default")) {
    if (out.list) {
      out.default_items = in.strings("default");
    } else {
      out.default_value = in.string("default");
    }
  }
  if (in.has("time_zone")) out.time_zone = in.string("time_zone");
  return out;
}

Column read_column(ObjectReader& in) {
  Column out;
  out.name = in.string("name");
  StringSink key;
  write_json_string(out.name, key);
  out.key = key.text + ":";
  out.type = read_column_type(in, "type");
  if (in.has("as")) out.as_string = in.word<bool>("as", {{"string", true}});
  if (in.has("wall")) out.wall = in.boolean("wall");
  return out;
}

void read_parameters(ObjectReader& in, Api& out) {
  in.objects("parameters", [&](ObjectReader& item) {
    Parameter parameter = read_parameter(item);
    if (parameter.place == ParameterPlace::body) {
      if (out.method != "POST") item.fail("in", "may be body with POST only");
      out.reads_body = true;
    }
    out.parameters.push_back(std::move(parameter));
  });
}

InternalValue read_internal_value(ObjectReader& in) {
  InternalValue out;
  if (auto kind = parse_internal_value(in.string("is"))) {
    out.kind = *kind;
  } else {
    in.fail("is", "is no value that this module makes");
  }
  out.type = read_column_type(in, "type");
  return out;
}

bool is_page_parameter(const Parameter& parameter, size_t place) {
  const PageParameter& expected = kPageParameters[place];
  return parameter.name == expected.name && parameter.type == expected.type && !parameter.required &&
         parameter.default_value.has_value() == (place == kPageSize);
}

// The parameters and internal values that pages require are where bind_page() expects them.
void read_pages(ObjectReader& in, Api& api) {
  Pages& pages = api.pages;
  in.object("pages", [&pages](ObjectReader& member) {
    pages.max_size = static_cast<uint32_t>(member.integer("max_size", 1, 10000));
    pages.total = member.boolean("total");
  });
  pages.size_detail = "must be a whole number from 1 to " + std::to_string(pages.max_size);
  const size_t count = api.parameters.size();
  bool good = count >= kPageParameterCount;
  pages.parameters = static_cast<uint32_t>(good ? count - kPageParameterCount : 0);
  for (size_t i = 0; good && i < kPageParameterCount; ++i)
    good = is_page_parameter(api.parameters[pages.parameters + i], i);
  if (!good) return in.fail("parameters", "must end in those of pages");
  size_t kinds[kInternalValueKinds] = {};
  for (size_t i = 0; i < api.internal.size(); ++i) {
    const auto number = static_cast<uint32_t>(count + i);
    switch (api.internal[i].kind) {
      case InternalValue::Kind::page_rows:
        pages.rows = number;
        break;
      case InternalValue::Kind::page_offset:
        pages.offset = number;
        break;
      case InternalValue::Kind::page_total:
        pages.count = number;
        break;
      case InternalValue::Kind::cursor_key:
        if (pages.key_count == 0) pages.keys = number;
        good = good && pages.keys + pages.key_count++ == number;
        break;
      case InternalValue::Kind::mask_inner:
      case InternalValue::Kind::mask_outer:
        break;
    }
    ++kinds[static_cast<size_t>(api.internal[i].kind)];
  }
  if (!good || kinds[0] != 1 || kinds[1] != 1 || kinds[2] != (pages.total ? 1 : 0))
    in.fail("internal", "must have the values of pages");
}

// The parameter `format` is where bind_parameters() expects it. After the parameters.
void read_formats(ObjectReader& in, Api& api) {
  Formats& formats = api.formats;
  formats.list = FormatList::none();
  for (const std::string& name : in.strings("formats")) {
    const std::optional<Format> format = parse_format(name);
    if (!format || !formats.list.add(*format))
      return in.fail("formats", "has a format that is not known or occurs twice");
  }
  if (formats.list.size() == 0) {
    formats.list = FormatList();
    return in.fail("formats", "must not be empty");
  }
  if (api.result == ResultShape::object && (formats.list.size() > 1 || !formats.list.has(Format::json)))
    return in.fail("formats", "must be json alone with result object");
  if (formats.list.size() == 1) return;
  const auto found = std::find_if(api.parameters.begin(), api.parameters.end(),
                                  [](const Parameter& one) { return one.name == kFormatParameter; });
  if (found == api.parameters.end() || found->type != ParameterType::string || found->required ||
      found->list || found->default_value)
    return in.fail("parameters", "must have format, which chooses between formats");
  formats.parameter = static_cast<uint32_t>(found - api.parameters.begin());
  formats.detail = "must be one of " + formats.list.names();
  formats.accept_detail = "no format of this API is accepted: it has ";
  for (const Format format : formats.list) {
    if (format != formats.list.front()) formats.accept_detail += ", ";
    formats.accept_detail += format_kind(format).media_type;
  }
}

// After the columns.
void read_csv(ObjectReader& in, Api& api) {
  if (in.has("csv_safe")) api.csv.safe = in.boolean("csv_safe");
  if (!api.formats.list.has(Format::csv)) return;
  api.csv.header = csv_header(api);
  api.csv.disposition = csv_disposition(api.name);
}

void read_authentication(ObjectReader& in, Api& out) {
  for (const std::string& type : in.strings("authentication")) {
    if (type == "api_key") {
      out.authentication.api_key = true;
    } else if (type == "jwt") {
      out.authentication.jwt = true;
    } else if (type == "hmac") {
      out.authentication.hmac = true;
    } else {
      in.fail("authentication", "has a type that this module does not know");
    }
  }
  if (out.authentication.hmac != in.has("hmac"))
    in.fail("hmac", out.authentication.hmac ? "is missing" : "requires hmac in authentication");
  if (!in.has("hmac")) return;
  in.object("hmac", [&out](ObjectReader& rule) {
    out.hmac.sha256 = out.hmac.sha1 = false;
    for (const std::string& method : rule.strings("methods")) {
      if (method == "HmacSHA256") {
        out.hmac.sha256 = true;
      } else if (method == "HmacSHA1") {
        out.hmac.sha1 = true;
      } else {
        rule.fail("methods", "has a method that this module does not know");
      }
    }
    if (!out.hmac.sha256 && !out.hmac.sha1) rule.fail("methods", "must not be empty");
    out.hmac.require_nonce = rule.boolean("require_nonce");
    out.hmac.require_content_md5 = rule.boolean("require_content_md5");
  });
}

constexpr int64_t kMaxAge = 31536000;        // seconds: a year
constexpr int64_t kLastTime = 253402300799;  // 9999-12-31T23:59:59Z

// Deprecation is a date of structured fields (RFC 9745 section 2), Sunset an HTTP date not before it (section
// 4).
void read_deprecation(ObjectReader& in, Api& out) {
  in.object("deprecated", [&out](ObjectReader& times) {
    const int64_t since = times.integer("since", 0, kLastTime);
    const int64_t sunset = times.integer("sunset", 0, kLastTime);
    if (sunset < since) times.fail("sunset", "must not be before since");
    out.deprecation = "@" + std::to_string(since);
    char date[kHttpDateSize + 1];
    format_http_date(sunset, date);
    out.sunset.assign(date, kHttpDateSize);
  });
}

void read_version_key(ObjectReader& in, Api& out) {
  out.version_key.in =
      in.word<VersionKey::In>("in", {{"header", VersionKey::In::header}, {"query", VersionKey::In::query}});
  out.version_key.name = in.string("name");
  if (out.version_key.name.empty()) in.fail("name", "must not be empty");
  out.version_key.value = in.string("value");
  if (out.version_key.value.empty()) in.fail("value", "must not be empty");
}

// What the answers say to caches. An answer that somebody proved himself for is for him alone. The values of
// parameters in headers, and of the version's header, choose among the answers of one URL.
void read_cache(ObjectReader& in, Api& api) {
  if (in.has("changing")) api.changing = in.boolean("changing");
  if (in.has("coalesce")) api.coalesces = in.boolean("coalesce");
  api.coalesces = api.coalesces && !api.changing;
  if (in.has("cache")) api.kept = in.word<bool>("cache", {{"off", false}});
  const std::string age =
      in.has("max_age") ? std::to_string(in.integer("max_age", 1, kMaxAge)) : std::string();
  if (!api.kept) {
    api.cache_control = "no-store";
  } else {
    api.cache_control = api.authentication.open() ? "public, " : "private, ";
    api.cache_control += age.empty() || api.method != "GET" ? "no-cache" : "max-age=" + age;
  }
  const auto add = [&api](const std::string& name) { api.vary += (api.vary.empty() ? "" : ", ") + name; };
  if (api.version_key.in == VersionKey::In::header) add(api.version_key.name);
  for (const Parameter& parameter : api.parameters) {
    if (parameter.place == ParameterPlace::header) add(parameter.name);
  }
}

// After the parameters.
void read_by_keys(ObjectReader& in, Api& api) {
  if (!in.has("by_keys")) return;
  api.by_keys = in.boolean("by_keys") && api.coalesces;
  for (const Parameter& parameter : api.parameters) {
    if (parameter.list) in.fail("by_keys", "requires parameters that are no lists");
  }
  if (!api.point) in.fail("by_keys", "requires point");
}

}  // namespace

Api read_api(ObjectReader& in, TableNames& tables) {
  Api out;
  out.id = static_cast<uint32_t>(in.integer("id", 1, UINT32_MAX));
  out.name = in.string("name");
  out.workspace = in.string("workspace");
  out.rest_api = in.string("rest_api");
  out.version = static_cast<uint32_t>(in.integer("version", 0, UINT32_MAX));
  out.method = in.string("method");
  if (out.method != "GET" && out.method != "POST") in.fail("method", "must be GET or POST");
  out.path = in.string("path");
  if (out.path.empty() || out.path[0] != '/') in.fail("path", "must start with /");
  split_path(out);
  if (out.path_segments.size() > kMaxPathSegments) in.fail("path", "has too many segments");
  if (in.has("version_key"))
    in.object("version_key", [&out](ObjectReader& key) { read_version_key(key, out); });
  out.domains = in.strings("domains");
  out.service = in.string("service");
  out.resource_group = in.string("resource_group");
  out.timeout_ms = static_cast<uint32_t>(in.integer("timeout_ms", 1, 90000));
  if (in.has("stream_timeout_ms"))
    out.stream_timeout_ms = static_cast<uint32_t>(in.integer("stream_timeout_ms", 1, 90000));
  out.max_records = static_cast<uint32_t>(in.integer("max_records", 1, 10000));
  out.result = in.word<ResultShape>(
      "result", {{"object", ResultShape::object}, {"list", ResultShape::list}, {"page", ResultShape::page}});
  if (in.has("envelope")) out.envelope = in.word<Envelope>("envelope", {{"dataworks", Envelope::dataworks}});
  out.point = in.boolean("point");
  read_authentication(in, out);
  if (in.has("api_key_source")) {
    in.object("api_key_source", [&out](ObjectReader& source) {
      out.api_key_source.in = source.word<ApiKeySource::In>(
          "in", {{"header", ApiKeySource::In::header}, {"query", ApiKeySource::In::query}});
      out.api_key_source.name = source.string("name");
    });
  }
  if (in.has("deprecated")) read_deprecation(in, out);
  read_parameters(in, out);
  if (in.has("query_method")) {
    out.query_method = in.boolean("query_method");
    if (out.query_method && out.method != "GET") in.fail("query_method", "requires method GET");
  }
  if (in.has("formats")) read_formats(in, out);
  read_cache(in, out);
  if (in.has("unknown_parameters")) {
    in.word<bool>("unknown_parameters", {{"reject", true}});
    out.unknown_detail = unknown_detail(out);
  }
  if (in.has("internal"))
    in.objects("internal", [&](ObjectReader& item) { out.internal.push_back(read_internal_value(item)); });
  if ((out.result == ResultShape::page) != in.has("pages")) in.fail("pages", "belongs to result page");
  if (in.has("pages")) read_pages(in, out);
  out.program = read_program(in, "statement", out.parameters, out.internal);
  for (const std::string& table : out.program.tables()) out.tables.push_back(tables.number(table));
  in.objects("columns", [&out](ObjectReader& item) { out.columns.push_back(read_column(item)); });
  if (out.columns.empty()) in.fail("columns", "must not be empty");
  read_csv(in, out);
  read_by_keys(in, out);
  return out;
}

}  // namespace tablegate::core
