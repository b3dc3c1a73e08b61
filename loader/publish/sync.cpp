#include "publish/sync.hpp"

#include <fmt/format.h>

#include <string_view>

#include "catalog/name_rules.hpp"
#include "catalog/refusal.hpp"
#include "core/manifest_reader.hpp"
#include "publish/shell_command.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kDomains = "domains.conf";
constexpr const char* kPending = ".pending";  // exists while the files stand unproved

void put_back(const OutputFolder& folder) {
  folder.put_back(kManifest);
  folder.put_back(kDomains);
  folder.sync();
  folder.remove(kPending);
}

std::string indented(std::string_view output) {
  std::string text;
  while (!output.empty()) {
    const size_t end = output.find('\n');
    text += "\n  " + std::string(output.substr(0, end));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
  }
  return text;
}

void run(const std::string& option, const std::string& command) {
  if (command.empty()) return;
  const ShellOutcome outcome = run_shell(command);
  // nginx only warns of a second server block of one name, and leaves it out.
  const bool conflict =
      option == "--check" && outcome.output.find("conflicting server name") != std::string::npos;
  if (outcome.ok && !conflict) return;
  throw Refused(fmt::format("{} {}: both files are put back. It said:{}", option,
                            conflict ? "warns of a conflicting server name" : "failed (" + outcome.how + ")",
                            outcome.output.empty() ? " nothing" : indented(outcome.output)),
                command);
}

// A mark that a sync left which died: the files were never proved, NAME.previous are the last good ones.
void keep_good_files(const OutputFolder& folder) {
  if (folder.exists(kPending)) return;
  folder.keep_previous(kManifest);
  folder.keep_previous(kDomains);
  folder.sync();
}

}  // namespace

std::string write_domains(const ManifestContents& contents) {
  if (const std::string fault = bad_plain_name(contents.gateway); !fault.empty()) {
    throw Refused(fmt::format("the gateway's name {}; nothing was written", fault),
                  "tablegate get GatewayInstance");
  }
  std::string text = fmt::format(
      "# Written by tablegate sync for gateway {}. Do not edit: the next sync replaces it.\n"
      "# Server blocks are not generated yet: write them yourself, with \"tablegate on;\" in a location.\n",
      contents.gateway);
  for (const DomainEntry& domain : contents.domains)
    text += fmt::format("# domain {} ({})\n", domain.name, domain.protocol);
  return text;
}

void mark_unproved(const OutputFolder& folder) {
  folder.write(kPending, "");
}

SyncResult sync_folder(const OutputFolder& folder, const ManifestContents& contents,
                       const SyncCommands& commands) {
  const std::string manifest = write_manifest(contents);
  const std::string domains = write_domains(contents);
  if (const auto read = core::read_manifest(manifest); !read) {
    throw Refused(
        fmt::format("the gateway would refuse this manifest, nothing was written: {}", read.error().text()));
  }
  const bool pending = folder.exists(kPending);
  if (!pending && folder.read(kManifest) == manifest && folder.read(kDomains) == domains)
    return SyncResult::unchanged;
  keep_good_files(folder);
  folder.write(kPending, "");
  folder.sync();
  try {
    folder.write(kManifest, manifest);
    folder.write(kDomains, domains);
    folder.sync();
    run("--check", commands.check);
    run("--reload", commands.reload);
  } catch (...) {
    put_back(folder);
    throw;
  }
  folder.remove(kPending);
  folder.sync();
  return SyncResult::written;
}

}  // namespace tablegate::loader
