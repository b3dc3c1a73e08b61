#include "ngx/manifest_files.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/manifest/manifest_reader.hpp"
#include "ngx/file.hpp"

namespace tablegate::ngx {
namespace {

std::string folder_of(const std::string& file) {
  return file.substr(0, std::max<size_t>(file.rfind('/'), 1));
}

std::string beside_manifest(const MainConfig& config, const std::string& name) {
  return config.manifest_file.substr(0, config.manifest_file.rfind('/') + 1) + name;
}

// HMAC secrets and the digests of keys are in them. sync writes them with mode 0600.
void warn_if_others_read(ngx_conf_t* cf, const std::string& file) {
  struct stat about {};
  if (stat(file.c_str(), &about) != 0 || (about.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  ngx_conf_log_error(
      NGX_LOG_WARN, cf, 0,
      "tablegate credentials \"%s\" hold secrets, and others than their owner can read them; try: "
      "chmod 600 %s",
      file.c_str(), file.c_str());
}

std::string unreadable(const std::string& what, const core::Error& error, const std::string& next) {
  const std::string reason = error.text();
  return what + " " + reason + (reason.back() == ')' ? "" : next);  // it says already what helps
}

}  // namespace

std::string read_manifest_files(ngx_conf_t* cf, MainConfig& config) {
  const std::string what = "tablegate manifest " + quoted(config.manifest_file);
  const std::string next = "; try: tablegate sync --output " + folder_of(config.manifest_file);
  // In this order: credentials list the manifests that they may be served with, the one before a change
  // included (loader/node/sync.hpp).
  core::Result<std::string> text = read_file(config.manifest_file);
  if (!text) return unreadable(what, text.error(), next);
  const std::string file = beside_manifest(config, "credentials.json");
  warn_if_others_read(cf, file);
  core::Result<std::string> credentials = read_file(file);
  if (!credentials) return unreadable("tablegate credentials " + quoted(file), credentials.error(), next);
  std::string& secrets = *credentials;
  auto manifest = core::read_manifest(*text, secrets);
  OPENSSL_cleanse(secrets.data(), secrets.size());  // of HMAC pairs
  if (!manifest) {
    const std::string reason = manifest.error().text();
    const bool newer = reason.find("this program reads format") != std::string::npos;
    return what + ": " + reason +
           (newer ? "; install the module of the release that wrote it, then restart nginx" : next);
  }
  config.manifest = std::move(*manifest);
  config.loaded_at = ngx_time();
  return {};
}

void open_documents(ngx_conf_t* cf, MainConfig& config) {
  if (!config.openapi_anywhere || config.manifest->documents.empty()) return;
  const std::string name = beside_manifest(config, config.manifest->documents_file);
  const std::string fault = config.documents.open(name, config.manifest->documents);
  if (fault.empty()) return;
  ngx_log_error(
      NGX_LOG_WARN, cf->log, 0,
      "tablegate: the OpenAPI documents \"%s\" %s: they are not served until \"tablegate sync\" has "
      "written them again and nginx is reloaded",
      name.c_str(), fault.c_str());
}

}  // namespace tablegate::ngx
