#include "model/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "base/near_file.hpp"
#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "base/yaml_text.hpp"
#include "core/text/ascii.hpp"
#include "model/schema_fields.hpp"

namespace tablegate::loader {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxFile = size_t{16} << 20;

std::vector<std::string> list_folder(const std::string& folder) {
  std::vector<std::string> files;
  try {
    for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
      const fs::directory_entry& entry = *at;
      if (entry.path().filename().string()[0] == '.') {  // an editor's, git's
        at.disable_recursion_pending();
        continue;
      }
      if (entry.is_regular_file() && is_definition_file(entry.path().string()))
        files.push_back(entry.path().string());
    }
  } catch (const fs::filesystem_error& error) {
    throw SystemFailure(fmt::format("cannot read folder {}: {}", folder, error.code().message()),
                        Hint::program("ls -l " + shell_word(folder)));
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw Refused(fmt::format("folder {} has no file {}", folder, kDefinitionFiles));
  return files;
}

std::string kind_list() {
  std::string list;
  for (const KindInfo& info : kinds()) list += (list.empty() ? "" : ", ") + std::string(info.name);
  return list;
}

void take_object(const JsonValue& value, const Place& place, std::vector<Definition>& out,
                 Problems& problems) {
  const std::vector<JsonFault> faults = json_faults(value, "");
  for (const JsonFault& fault : faults) problems.add(place, fault.pointer, fault.reason);
  if (!value.IsObject()) return problems.add_unread(place, "", "must be an object");
  const JsonValue* const kind = json_find(value, "kind");
  if (kind == nullptr)
    return problems.add_unread(place, "", "\"kind\" is missing (one of " + kind_list() + ")");
  if (!kind->IsString()) return problems.add_unread(place, "/kind", "must be a string");
  const std::optional<Kind> known = parse_kind(json_string(*kind));
  if (!known) {
    return problems.add_unread(place, "/kind", unknown_kind(json_string(*kind)));
  }
  const JsonValue* const name = json_find(value, "name");
  if (name == nullptr) return problems.add_unread(place, "", "\"name\" is missing");
  if (!name->IsString()) return problems.add_unread(place, "/name", "must be a string");
  Definition definition;
  definition.kind = *known;
  definition.name = json_string(*name);
  if (const JsonValue* const versioning = json_find(value, "versioning");
      *known == Kind::rest_api && versioning != nullptr)
    definition.version = json_member(*versioning, "version");
  definition.place = {place.file, place.pointer, *known};
  definition.broken = !faults.empty();
  if (!definition.broken) definition.document.CopyFrom(value, definition.document.GetAllocator());
  out.push_back(std::move(definition));
}

void refuse_twice(std::vector<Definition>& definitions, Problems& problems) {
  std::map<std::tuple<Kind, std::string, std::string>, const Place*> seen;
  for (Definition& definition : definitions) {
    const auto [first, added] =
        seen.try_emplace({definition.kind, definition.name, definition.version}, &definition.place);
    if (added) continue;
    definition.broken = true;
    problems.add(definition.place, "/name",
                 fmt::format("{} \"{}\" is defined twice: also in {}", kind_info(definition.kind).label,
                             definition.name, problems.where(*first->second)));
  }
}

// One object, or a list of them.
void take_document(const JsonValue& document, const Place& place, std::vector<Definition>& out,
                   Problems& problems) {
  if (!document.IsArray()) return take_object(document, place, out, problems);
  for (rapidjson::SizeType i = 0; i < document.Size(); ++i)
    take_object(document[i], {place.file, place.pointer + pointer_token(size_t{i})}, out, problems);
}

// Of a file with one document the pointers are those in it, else they begin with the document's number.
void take_yaml(const std::string& text, const std::string& file, std::vector<Definition>& out,
               Problems& problems) {
  JsonDocument documents;
  const auto positions = std::make_shared<TextPositions>();
  if (const TextFault fault = parse_yaml(text, documents, *positions); !fault.empty())
    return problems.add_unread({file, "", {}, fault.at}, "", fault.reason);
  if (documents.Empty()) return problems.add({file, ""}, "has no definition");
  const bool single = documents.Size() == 1;
  problems.locate(file, positions, single ? "/0" : "");
  for (rapidjson::SizeType i = 0; i < documents.Size(); ++i)
    take_document(documents[i], {file, single ? "" : pointer_token(size_t{i})}, out, problems);
}

void take_json(const std::string& text, const std::string& file, std::vector<Definition>& out,
               Problems& problems) {
  JsonDocument document;
  if (const TextFault fault = parse_json(text, document); !fault.empty())
    return problems.add_unread({file, "", {}, fault.at}, "", fault.reason);
  take_document(document, {file, ""}, out, problems);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_yaml(const std::string& file, const std::string& text) {
  if (is_definition_file(file)) return !ends_with(file, ".json");
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos || (text[first] != '{' && text[first] != '[');
}

}  // namespace

const std::array<KindInfo, 8>& kinds() {
  static const std::array<KindInfo, 8> all = {{
      {Kind::domain, "Domain", "domain.schema.json", "domain", ""},
      {Kind::gateway_instance, "GatewayInstance", "gateway_instance.schema.json", "gateway instance",
       "gateway"},
      {Kind::rest_api, "RestApi", "rest_api.schema.json", "REST API", ""},
      {Kind::data_source, "DataSource", "data_source.schema.json", "data source", ""},
      {Kind::business_process, "BusinessProcess", "business_process.schema.json", "business process", ""},
      {Kind::table, "Table", "table.schema.json", "table", ""},
      {Kind::api, "Api", "api.schema.json", "API", ""},
      {Kind::consumer, "Consumer", "consumer.schema.json", "consumer", ""},
  }};
  return all;
}

const KindInfo& kind_info(Kind kind) {
  return kinds()[static_cast<size_t>(kind)];
}

std::string unknown_kind(std::string_view word) {
  std::vector<std::string> names;
  for (const KindInfo& info : kinds()) names.emplace_back(info.name);
  const std::string near = did_you_mean(word, names);
  return fmt::format("unknown kind \"{}\"{}", word, near.empty() ? " (one of " + kind_list() + ")" : near);
}

std::optional<Kind> parse_kind(std::string_view name) {
  for (const KindInfo& info : kinds()) {
    if (info.name == name) return info.kind;
  }
  return std::nullopt;
}

std::string kind_word(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (c != '-' && c != '_') out += core::to_lower(c);
  }
  if (ends_with(out, "sses")) {
    out.resize(out.size() - 2);
  } else if (out.size() > 1 && ends_with(out, "s") && !ends_with(out, "ss")) {
    out.pop_back();
  }
  return out;
}

Kind read_kind(std::string_view word) {
  const std::string wanted = kind_word(word);
  for (const KindInfo& info : kinds()) {
    if (wanted == kind_word(info.name) || wanted == info.short_word) return info.kind;
  }
  std::vector<std::string> names;
  for (const KindInfo& info : kinds()) names.push_back(kind_word(info.name));
  const std::string near = nearest_name(wanted, names);
  const Hint hint = near.empty() ? Hint() : Hint::again().replace(word, near);
  throw WrongUsage(unknown_kind(word), hint);
}

bool is_definition_file(const std::string& path) {
  return ends_with(path, ".json") || ends_with(path, ".yaml") || ends_with(path, ".yml");
}

void Problems::locate(const std::string& file, std::shared_ptr<const TextPositions> positions,
                      const std::string& before) {
  located_[file] = {std::move(positions), before};
}

std::string Problems::where(const Place& place, const std::string& below) const {
  const std::string pointer = place.pointer + below;
  TextPosition at = place.at;
  if (const auto located = located_.find(place.file); located != located_.end() && at.line == 0)
    at = located->second.positions->find(located->second.before + pointer);
  std::string text = place.file;
  if (at.line != 0) text += fmt::format(":{}:{}", at.line, at.column);
  return pointer.empty() ? text : text + " " + pointer;
}

std::vector<Problems::Problem> Problems::sorted() const {
  // Objects of an array are numbered in the first token of the pointer.
  const auto index = [](const Problem& problem) {
    const std::string& pointer = problem.place.pointer;
    return pointer.size() > 1 && core::is_digit(pointer[1]) ? std::strtol(pointer.c_str() + 1, nullptr, 10)
                                                            : -1L;
  };
  std::vector<std::string> files;
  for (const Problem& problem : problems_) {
    if (std::find(files.begin(), files.end(), problem.place.file) == files.end())
      files.push_back(problem.place.file);
  }
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Problem& a, const Problem& b) {
    const auto file_a = std::find(files.begin(), files.end(), a.place.file);
    const auto file_b = std::find(files.begin(), files.end(), b.place.file);
    return file_a != file_b ? file_a < file_b : index(a) < index(b);
  });
  return sorted;
}

std::vector<std::string> Problems::lines() const {
  std::vector<std::string> lines;
  const std::vector<Problem> all = sorted();
  lines.reserve(all.size());
  for (const Problem& problem : all)
    lines.push_back(fmt::format("{}: {}", where(problem.place, problem.below), problem.reason));
  return lines;
}

void Problems::raise(const Hint& wanted) const {
  if (problems_.empty()) return;
  const std::vector<std::string> all = lines();
  Hint next = wanted;
  if (next.kind() == Hint::Kind::none) {
    const Problem first = sorted().front();
    next = first.next;
  }
  if (next.kind() == Hint::Kind::none) {
    const Problem first = sorted().front();
    next = Hint::command({"explain"});
    const size_t line = first.place.at.line;
    if (line != 0 && fs::exists(first.place.file))
      next = Hint::program(
          fmt::format("sed -n {},{}p {}", line > 2 ? line - 2 : 1, line, shell_word(first.place.file)));
    if (first.place.kind) next = next.add(field_path(*first.place.kind, first.below));
  }
  if (all.size() == 1) throw Refused(all.front() + "; nothing was saved", next);
  std::string message = fmt::format("{} problems, nothing was saved:", all.size());
  for (const std::string& line : all) message += "\n  " + line;
  throw Refused(message, next);
}

std::string read_file(const std::string& path, size_t limit) {
  const bool standard_input = path == "-";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      standard_input ? nullptr : std::fopen(path.c_str(), "rbe"),
      [](std::FILE* file) { return std::fclose(file); });
  std::FILE* const file = standard_input ? stdin : opened.get();
  if (file == nullptr) {
    const int reason = errno;
    const NearFile near = near_file(path);
    throw SystemFailure(fmt::format("cannot open {}: {}{}", path, std::strerror(reason), near.words),
                        near.next);
  }
  return read_open_file(file, path, limit);
}

std::string read_open_file(std::FILE* file, const std::string& path, size_t limit) {
  std::string text;
  std::array<char, 65536> block;
  size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), file)) > 0) {
    text.append(block.data(), got);
    if (text.size() > limit) throw Refused(fmt::format("{} is larger than {} bytes", path, limit));
  }
  if (std::ferror(file) != 0)
    throw SystemFailure(fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                        Hint::program("ls -l " + shell_word(path)));
  return text;
}

std::string read_text_file(const std::string& path, size_t limit) {
  return without_mark(read_file(path, limit));
}

std::string without_mark(std::string text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (std::string_view(text).substr(0, kMark.size()) == kMark) text.erase(0, kMark.size());
  return text;
}

std::vector<Definition> read_definitions(const std::vector<std::string>& sources, Problems& problems) {
  std::vector<std::string> files;
  for (const std::string& source : sources) {
    std::error_code ignored;
    if (source != "-" && fs::is_directory(source, ignored)) {
      const std::vector<std::string> found = list_folder(source);
      files.insert(files.end(), found.begin(), found.end());
    } else {
      files.push_back(source);
    }
  }
  std::vector<Definition> definitions;
  for (const std::string& file : files) {
    const std::string text = read_text_file(file, kMaxFile);
    (is_yaml(file, text) ? take_yaml : take_json)(text, file == "-" ? "standard input" : file, definitions,
                                                  problems);
  }
  refuse_twice(definitions, problems);
  return definitions;
}

}  // namespace tablegate::loader
