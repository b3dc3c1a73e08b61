#include "compile/manifest_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/manifest_line.hpp"
#include "compile/program_json.hpp"
#include "core/manifest/manifest_reader.hpp"

namespace tablegate::loader {
namespace {

std::string domain_line(const DomainDefinition& domain) {
  ManifestLine line("domain");
  line.text("name", domain.name);
  line.text("protocol", domain.protocol);
  line.truth("force_https", domain.force_https);
  return line.finish();
}

void write_authentication(ManifestLine& line, const CompiledApi& api) {
  line.list("authentication", api.authentication);
  if (api.hmac) {
    line.object("hmac", [&] {
      line.list("methods", api.hmac->methods);
      line.truth("require_nonce", api.hmac->require_nonce);
      line.truth("require_content_md5", api.hmac->require_content_md5);
    });
  }
  if (api.api_key_source) {
    line.object("api_key_source", [&] {
      line.text("in", api.api_key_source->in);
      line.text("name", api.api_key_source->name);
    });
  }
}

std::string api_line(const ApiEntry& entry) {
  const CompiledApi api = compile_api(entry);
  const bool canary = entry.canary_weight != 0;
  ManifestLine line(canary ? "canary" : "api");
  if (canary) line.number("weight", entry.canary_weight);
  line.number("id", entry.api_id);
  line.text("name", api.name);
  line.text("workspace", entry.workspace);
  line.text("rest_api", entry.rest_api);
  line.number("version", entry.version);
  line.text("method", api.method);
  line.text("path", api.path);
  if (const core::VersionKey& key = entry.version_key; key.in != core::VersionKey::In::none) {
    line.object("version_key", [&] {
      line.text("in", key.in == core::VersionKey::In::header ? "header" : "query");
      line.text("name", key.name);
      line.text("value", key.value);
    });
  }
  line.list("domains", sorted(entry.domains));
  line.text("service", entry.service);
  line.text("resource_group", api.resource_group);
  line.number("timeout_ms", api.timeout_ms);
  if (api.stream_timeout_ms != kDefaultStreamTimeoutMs)
    line.number("stream_timeout_ms", api.stream_timeout_ms);
  line.number("max_records", api.max_records);
  line.text("result", api.result);
  if (api.envelope != "tablegate") line.text("envelope", api.envelope);
  if (api.formats != ApiDefinition().formats) line.list("formats", api.formats);
  if (api.csv_safe) line.truth("csv_safe", true);
  line.truth("point", api.point);
  write_authentication(line, api);
  if (entry.sunset) {
    line.object("deprecated", [&] {
      line.number("since", entry.deprecated.value_or(0));
      line.number("sunset", *entry.sunset);
    });
  }
  line.objects("parameters", api.parameters, [&](const CompiledParameter& parameter) {
    line.text("name", parameter.name);
    line.text("in", parameter.place);
    line.text("type", parameter.type);
    line.text("column_type", parameter.column_type);
    line.truth("required", parameter.required);
    if (parameter.list) line.truth("list", true);
    if (parameter.pattern) line.truth("pattern", true);
    if (parameter.default_value) {
      parameter.list ? line.list("default", parameter.default_value->items())
                     : line.text("default", parameter.default_value->text);
    }
    line.text_if("time_zone", parameter.time_zone);
  });
  if (api.query_method) line.truth("query_method", true);
  if (api.rejects_unknown) line.text("unknown_parameters", "reject");
  if (api.changing) line.truth("changing", true);
  if (!api.coalesce) line.truth("coalesce", false);
  if (api.by_keys) line.truth("by_keys", true);
  if (!api.cache.kept) line.text("cache", "off");
  if (api.cache.max_age) line.number("max_age", *api.cache.max_age);
  if (!api.internal.empty()) {
    line.objects("internal", api.internal, [&](const core::InternalValue& value) {
      line.text("is", core::internal_value_name(value.kind));
      line.text("type", core::column_type_name(value.type));
    });
  }
  if (api.pages) {
    line.object("pages", [&] {
      line.number("max_size", api.pages->max_size);
      line.truth("total", api.pages->total);
    });
  }
  line.raw("statement", program_json(api.statement));
  line.objects("columns", api.columns, [&](const CompiledColumn& column) {
    line.text("name", column.name);
    line.text("type", column.type);
    if (column.as_string) line.text("as", "string");
    if (column.wall) line.truth("wall", true);
  });
  return line.finish();
}

std::string document_line(const DocumentEntry& document) {
  ManifestLine line("openapi");
  line.list("domains", sorted(document.domains));
  line.text("file", document.file);
  line.number("offset", document.offset);
  line.number("length", document.length);
  line.text("sha256", document.sha256);
  return line.finish();
}

// With `faults`, an entry that cannot be served is removed from `entries` and named there; else it throws.
void write_apis(std::vector<ApiEntry>& entries, std::vector<std::string>* faults, std::string& lines) {
  std::sort(entries.begin(), entries.end(),
            [](const ApiEntry& a, const ApiEntry& b) { return a.api_id < b.api_id; });
  const auto fails = [&](const ApiEntry& entry) {
    try {
      lines += api_line(entry) + "\n";
      return false;
    } catch (const Failure& failure) {
      if (faults == nullptr) throw;
      faults->push_back(
          fmt::format("API \"{}\" version {} is left out: {}", entry.name, entry.version, failure.what()));
      return true;
    }
  };
  entries.erase(std::remove_if(entries.begin(), entries.end(), fails), entries.end());
}

std::string write_lines(ManifestContents& contents, std::vector<std::string>* faults) {
  std::string lines;
  for (const DomainDefinition& domain : sorted_by(contents.domains, &DomainDefinition::name))
    lines += domain_line(domain) + "\n";
  write_apis(contents.apis, faults, lines);
  write_apis(contents.canaries, faults, lines);
  return lines;
}

}  // namespace

std::string write_whole_lines(ManifestContents& contents, std::vector<std::string>& faults) {
  return write_lines(contents, &faults);
}

std::string with_manifest_header(const ManifestContents& contents, std::string lines) {
  for (const DocumentEntry& document : contents.documents) lines += document_line(document) + "\n";
  ManifestLine header;
  header.number("format", core::kManifestFormat);
  header.text("gateway", contents.gateway);
  header.number("publication", static_cast<int64_t>(contents.publication));
  header.text_if("source", contents.source);
  header.text("sha256", digest_of_lines(lines));
  return header.finish() + "\n" + lines;
}

std::string write_manifest(ManifestContents contents) {
  std::string lines = write_lines(contents, nullptr);
  return with_manifest_header(contents, std::move(lines));
}

}  // namespace tablegate::loader
