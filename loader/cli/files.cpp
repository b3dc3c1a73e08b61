// `tablegate diff|export`: files beside the catalog.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/yaml_text.hpp"
#include "catalog/apply/apply.hpp"
#include "catalog/apply/export.hpp"
#include "cli/files.hpp"
#include "cli/output.hpp"
#include "mirror/read_source_ddl.hpp"
#include "model/definition_diff.hpp"
#include "model/line_diff.hpp"

namespace tablegate::loader {
namespace {

namespace fs = std::filesystem;
constexpr int kDiffers = 4;

struct DiffOptions {
  std::vector<std::string> sources;
  bool exit_code = false;
};

void diff_json(const std::vector<AppliedObject>& objects) {
  JsonOutput json;
  json.begin_array();
  for (const AppliedObject& object : objects) {
    json.begin_object().key("kind").text(kind_info(object.kind).name).key("name").text(object.name);
    json.key("action").text(object.action).key("changes").begin_array();
    for (const FieldChange& change : diff_definitions(object.before, object.after)) {
      json.begin_object().key("field").text(change.field);
      if (!change.from.empty()) json.key("before").raw(change.from);
      if (!change.to.empty()) json.key("after").raw(change.to);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().print();
}

void diff_text(const std::vector<AppliedObject>& objects) {
  for (const AppliedObject& object : objects) {
    if (object.action == "unchanged") continue;
    print_line(fmt::format("{} \"{}\"{}: {}", kind_info(object.kind).name, object.name,
                           object.version.empty() ? "" : " " + object.version, object.action));
    for (const FieldChange& change : diff_definitions(object.before, object.after)) {
      if (const std::vector<std::string> lines = line_changes(change); !lines.empty()) {
        for (const std::string& line : lines) print_line("  " + line);
        continue;
      }
      const char* const mark = change.from.empty() ? "+" : change.to.empty() ? "-" : "~";
      const char* const arrow = change.from.empty() || change.to.empty() ? "" : " -> ";
      print_line(fmt::format("  {} {}: {}{}{}", mark, change.field, change.from, arrow, change.to));
    }
  }
}

void diff(const Settings& settings, const DiffOptions& options) {
  Problems problems;
  std::vector<Definition> definitions = read_definitions(options.sources, problems);
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  const std::vector<AppliedObject> objects =
      try_definitions(catalog, workspace, definitions, problems, read_source_ddl);
  settings.json ? diff_json(objects) : diff_text(objects);
  const bool differs = std::any_of(objects.begin(), objects.end(),
                                   [](const AppliedObject& object) { return object.action != "unchanged"; });
  if (!differs && !settings.silent())
    print_line(fmt::format("{}: no difference", plural(objects.size(), "definition")));
  if (differs && options.exit_code) throw Failure(kDiffers, "", {});  // what there is to say is on stdout
}

struct ExportOptions {
  std::string target;
  bool yaml = false;
};

// A stored definition as a file has it.
std::string file_text(const std::string& json, bool yaml) {
  JsonDocument document;
  parse_json(json, document);
  return yaml ? yaml_text(document) : pretty_json_text(document) + "\n";
}

// Replaced whole or not at all; a file that holds these bytes is left alone.
void write_file(const fs::path& path, const std::string& bytes) {
  std::error_code error;
  if (fs::is_regular_file(path, error) && fs::file_size(path, error) == bytes.size() &&
      read_file(path.string(), bytes.size()) == bytes)
    return;
  const std::string temporary = path.string() + ".new";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(temporary.c_str(), "wbe"), [](std::FILE* opened) { return std::fclose(opened); });
  const bool good = file != nullptr &&
                    std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() &&
                    std::fflush(file.get()) == 0 && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!good) {
    const std::string why = std::strerror(errno);
    if (file != nullptr) std::remove(temporary.c_str());
    throw SystemFailure(fmt::format("cannot write {}: {}", path.string(), why),
                        Hint::program("ls -ld " + shell_word(path.parent_path().string())));
  }
}

// apply reads every definition file below a folder: one that is not of this export would come along.
void refuse_others(const fs::path& folder, const std::vector<std::string>& files) {
  const std::set<std::string> ours(files.begin(), files.end());
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  std::vector<std::string> others;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string()[0] == '.') {  // nor does `apply` read it
      entry.disable_recursion_pending();
      continue;
    }
    const std::string name = entry->path().lexically_relative(folder).generic_string();
    if (is_definition_file(name) && ours.count(name) == 0) others.push_back(name);
  }
  if (error)
    throw SystemFailure(fmt::format("cannot read folder {}: {}", folder.string(), error.message()),
                        Hint::program("ls -ld " + shell_word(folder.string())));
  if (others.empty()) return;
  std::sort(others.begin(), others.end());
  throw Refused(
      fmt::format("{} holds {} that this export does not write, such as {}: `apply` would also read it; "
                  "nothing was written",
                  folder.string(), plural(others.size(), "definition file"), others.front()),
      Hint::again().replace(folder.string(), "DIR"));
}

void write_folder(const Settings& settings, const ExportOptions& options,
                  const std::vector<ExportedObject>& objects) {
  const fs::path folder(options.target);
  const std::vector<std::string> files = export_files(objects, options.yaml ? ".yaml" : ".json");
  refuse_others(folder, files);
  JsonOutput json;
  json.begin_array();
  for (size_t i = 0; i < objects.size(); ++i) {
    const fs::path path = folder / files[i];
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error)
      throw SystemFailure(
          fmt::format("cannot make folder {}: {}", path.parent_path().string(), error.message()),
          Hint::program("ls -ld " + shell_word(folder.string())));
    write_file(path, file_text(objects[i].text, options.yaml));
    json.begin_object().key("kind").text(kind_info(objects[i].kind).name).key("name").text(objects[i].name);
    json.key("file").text(path.string()).end_object();
  }
  if (settings.json) return json.end_array().print();
  if (!settings.quiet)
    print_line(fmt::format("{} in {}", plural(objects.size(), "definition"), folder.string()));
}

void export_to(const Settings& settings, const ExportOptions& options) {
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  const std::vector<ExportedObject> objects = export_definitions(catalog, workspace);
  if (options.target != "-") return write_folder(settings, options, objects);
  std::string list;
  for (const ExportedObject& object : objects)
    list += options.yaml ? "---\n" + file_text(object.text, true) : (list.empty() ? "" : ",\n") + object.text;
  const std::string all = options.yaml ? list : file_text("[" + list + "]", false);
  std::fwrite(all.data(), 1, all.size(), stdout);
}

}  // namespace

void add_files(Verb& app, Settings& settings) {
  const auto options = std::make_shared<DiffOptions>();
  Verb* const diffing =
      app.add_subcommand("diff", "Show what `apply` of these files would change, field by field");
  diffing->add_option("-f,--file", options->sources, "file (JSON or YAML), folder or - for standard input")
      ->required()
      ->type_name("FILE|DIR|-");
  diffing->add_flag("--exit-code", options->exit_code, "exit 4 when there are differences");
  diffing->footer(
      "Examples:\n"
      "  tablegate diff -f definitions/\n"
      "  tablegate diff -f definitions/ --exit-code -o json");
  diffing->callback([&settings, options] { diff(settings, *options); });

  const auto exported = std::make_shared<ExportOptions>();
  Verb* const exporting =
      app.add_subcommand("export", "Write all definitions to files that `apply` finds unchanged");
  exporting
      ->add_option("DIR", exported->target, "folder (created if it is missing), or - for standard output")
      ->required()
      ->type_name("DIR|-");
  exporting->add_flag("--yaml", exported->yaml, "write YAML instead of JSON");
  exporting->footer(
      "Examples:\n"
      "  tablegate export definitions/\n"
      "  tablegate export definitions/ --yaml\n"
      "  tablegate export - | jq .");
  exporting->callback([&settings, exported] { export_to(settings, *exported); });

  add_deploy(app, settings);
  add_openapi(app, settings);
}

}  // namespace tablegate::loader
