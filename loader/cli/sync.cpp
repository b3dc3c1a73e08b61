// `tablegate sync`: what the catalog says, in the files that nginx reads.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "publish/output_folder.hpp"
#include "publish/snapshot.hpp"
#include "publish/sync.hpp"

namespace tablegate::loader {
namespace {

struct SyncOptions {
  std::string output;
  SyncCommands commands;
};

void report(const Settings& settings, const ManifestContents& contents, const std::string& manifest,
            bool written) {
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("gateway").text(contents.gateway);
    json.key("publication").number(static_cast<int64_t>(contents.publication));
    json.key("apis").number(static_cast<int64_t>(contents.apis.size()));
    json.key("consumers").number(static_cast<int64_t>(contents.consumers.size()));
    json.key("manifest").text(manifest).key("changed").boolean(written).end_object().print();
  } else if (settings.quiet) {
    return;
  } else if (!written) {
    print_line(fmt::format("gateway {}: publication {}, unchanged", contents.gateway, contents.publication));
  } else {
    print_line(fmt::format("gateway {}: publication {}, {}, {} written to {}", contents.gateway,
                           contents.publication, plural(contents.apis.size(), "API"),
                           plural(contents.consumers.size(), "consumer"), manifest));
  }
}

// What went through went through; a domain that did not is exit 1.
void tell_domains(const Settings& settings, const DomainReport& domains) {
  for (const std::string& warning : domains.warnings) {
    if (!settings.quiet) fmt::print(stderr, "tablegate: warning: {}\n", warning);
  }
  if (domains.faults.empty()) return;
  throw Refused(
      fmt::format("{}\neverything else is served as it was published", fmt::join(domains.faults, "\n")),
      "the same `tablegate sync` again, once that is corrected");
}

void sync(const Settings& settings, const SyncOptions& options) {
  Database catalog = settings.open_catalog();
  const std::string gateway = resolve_gateway(catalog, settings.gateway);
  // First the lock, then the snapshot: a sync that waited must not write what it had read before.
  const OutputFolder folder(options.output);
  const ManifestContents contents = read_snapshot(catalog, gateway);
  DomainReport domains;
  const SyncResult result = sync_folder(folder, contents, options.commands, domains);
  report(settings, contents, folder.path() + "/manifest.json", result == SyncResult::written);
  tell_domains(settings, domains);
}

}  // namespace

void add_sync(CLI::App& app, Settings& settings) {
  CLI::App* verb = app.add_subcommand("sync", "Write the manifest of a gateway, check it, reload nginx");
  auto options = std::make_shared<SyncOptions>();
  verb->add_option("--output", options->output, "folder of manifest.json and domains.conf")->required();
  verb->add_option("--check", options->commands.check, "command that proves the new files, by sh -c");
  verb->add_option("--reload", options->commands.reload, "command that makes nginx read them, by sh -c");
  verb->add_option("--nginx-version", options->commands.nginx_version,
                   "of the nginx that reads the files; default: what nginx -v says")
      ->envname("TABLEGATE_NGINX_VERSION")
      ->type_name("X.Y.Z");
  add_later_flag(*verb, "--watch");
  add_later_option(*verb, "--min-interval");
  verb->footer(
      "Examples:\n"
      "  tablegate sync --output /var/lib/tablegate --check 'nginx -t' --reload 'nginx -s reload'");
  verb->callback([&settings, options] { sync(settings, *options); });
}

}  // namespace tablegate::loader
