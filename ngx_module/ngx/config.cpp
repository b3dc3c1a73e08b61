#include "ngx/config.hpp"

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <new>

#include "core/manifest/manifest_reader.hpp"
#include "ngx/file.hpp"
#include "ngx/status.hpp"
#include "ngx/worker.hpp"
#include "ngx/zone.hpp"

namespace tablegate::ngx {

MainConfig::MainConfig() = default;
MainConfig::~MainConfig() = default;

const LocationConfig& location_config(ngx_http_request_t* r) {
  return *static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
}

core::HmacPolicy hmac_policy(ngx_http_request_t* r) {
  MainConfig& main = main_config(r);
  core::HmacPolicy policy;
  policy.window = location_config(r).hmac_window;
  if (const NonceStore* nonces = main.worker->nonces()) {
    policy.nonces = &nonces->table();
    policy.times = nonces->limits();
    if (policy.window > 0 && policy.times.window > 0)
      policy.window = std::min(policy.window, policy.times.window);
  }
  return policy;
}

MainConfig& main_config(ngx_http_request_t* r) {
  return *static_cast<MainConfig*>(ngx_http_get_module_main_conf(r, ngx_http_tablegate_module));
}

namespace {

void destroy_main_config(void* data) noexcept {
  static_cast<MainConfig*>(data)->~MainConfig();
  malloc_trim(0);  // else the master keeps the pages of every manifest it has ever read
}

char* fail(ngx_conf_t* cf, const std::string& message) {
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%*s", message.size(), message.data());
  return conf_error();
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// The path of another file in the manifest's folder.
std::string beside_manifest(const MainConfig& config, const std::string& name) {
  return config.manifest_file.substr(0, config.manifest_file.rfind('/') + 1) + name;
}

// What cannot be sent is no reason to serve nothing: the log says why.
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

}  // namespace

void* create_main_config(ngx_conf_t* cf) noexcept {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(cf->pool, sizeof(MainConfig));
  if (cleanup == nullptr) return nullptr;
  static uint64_t generations = 0;  // outlives configurations: the master's own
  try {
    (new (cleanup->data) MainConfig())->generation = ++generations;
  } catch (...) {
    return nullptr;
  }
  cleanup->handler = destroy_main_config;
  return cleanup->data;
}

void* create_location_config(ngx_conf_t* cf) noexcept {
  auto* config = static_cast<LocationConfig*>(ngx_palloc(cf->pool, sizeof(LocationConfig)));
  if (config == nullptr) return nullptr;
  config->enabled = NGX_CONF_UNSET;
  config->hmac_window = NGX_CONF_UNSET;
  config->hmac_diagnostics = NGX_CONF_UNSET;
  config->errors = NGX_CONF_UNSET;
  config->last_modified = NGX_CONF_UNSET;
  config->tls_terminated = NGX_CONF_UNSET;
  return config;
}

char* merge_location_config(ngx_conf_t* cf, void* parent, void* child) noexcept {
  const auto& outer = *static_cast<LocationConfig*>(parent);
  auto& inner = *static_cast<LocationConfig*>(child);
  ngx_conf_merge_value(inner.enabled, outer.enabled, 0);
  ngx_conf_merge_sec_value(inner.hmac_window, outer.hmac_window, 900);
  ngx_conf_merge_value(inner.hmac_diagnostics, outer.hmac_diagnostics, 0);
  ngx_conf_merge_value(inner.errors, outer.errors, 0);
  ngx_conf_merge_value(inner.last_modified, outer.last_modified, 1);
  ngx_conf_merge_value(inner.tls_terminated, outer.tls_terminated, 0);
  if (inner.enabled == 0) return NGX_CONF_OK;
  auto& main = *static_cast<MainConfig*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_tablegate_module));
  if (inner.hmac_window == 0) main.hmac_window_off = true;
  main.hmac_window = std::max(main.hmac_window, inner.hmac_window);
  return NGX_CONF_OK;
}

char* set_zone(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<MainConfig*>(conf);
  auto* arguments = static_cast<ngx_str_t*>(cf->args->elts);
  if (config.zone != nullptr) return const_cast<char*>("is duplicate");
  const ssize_t size = ngx_parse_size(&arguments[1]);
  if (size == NGX_ERROR || size < static_cast<ssize_t>(8 * ngx_pagesize)) {
    return fail(cf, "tablegate_zone requires a size of at least " + std::to_string(8 * ngx_pagesize / 1024) +
                        "k, not " + quoted(view(arguments[1])));
  }
  ngx_str_t name = ngx_string("tablegate");
  config.zone = ngx_shared_memory_add(cf, &name, static_cast<size_t>(size), &ngx_http_tablegate_module);
  if (config.zone == nullptr) return conf_error();
  config.zone->init = init_zone;
  config.zone->data = &config;
  return NGX_CONF_OK;
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

char* set_manifest(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<MainConfig*>(conf);
  ngx_str_t name = static_cast<ngx_str_t*>(cf->args->elts)[1];
  if (!config.manifest_file.empty()) return const_cast<char*>("is duplicate");
  if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) return conf_error();
  config.manifest_file = view(name);
  // In this order: credentials list the manifests that they may be served with, the one before a change
  // included (loader/node/sync.hpp).
  core::Result<std::string> text = read_file(config.manifest_file);
  if (!text)
    return fail(cf, "tablegate manifest " + quoted(config.manifest_file) + " " + text.error().text());
  const std::string credentials_file = beside_manifest(config, "credentials.json");
  core::Result<std::string> credentials = read_file(credentials_file);
  if (!credentials) {
    return fail(cf, "tablegate credentials " + quoted(credentials_file) + " " + credentials.error().text() +
                        "; \"tablegate sync\" writes them beside the manifest");
  }
  auto manifest = core::read_manifest(*text, *credentials);
  OPENSSL_cleanse(credentials->data(), credentials->size());  // they have HMAC secrets
  if (!manifest) {
    return fail(cf, "tablegate manifest " + quoted(config.manifest_file) + ": " + manifest.error().text());
  }
  config.manifest = std::move(*manifest);
  config.loaded_at = ngx_time();
  return NGX_CONF_OK;
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

char* set_enabled(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept {
  char* result = ngx_conf_set_flag_slot(cf, command, conf);
  if (result == NGX_CONF_OK && static_cast<LocationConfig*>(conf)->enabled == 1) {
    auto* main = static_cast<MainConfig*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_tablegate_module));
    main->enabled_anywhere = true;
  }
  return result;
}

char* set_status(ngx_conf_t* cf, ngx_command_t*, void*) noexcept {
  auto* core =
      static_cast<ngx_http_core_loc_conf_t*>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
  core->handler = status_handler;  // with a content handler of its own a location is never ours
  auto* main = static_cast<MainConfig*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_tablegate_module));
  main->status_anywhere = true;
  return NGX_CONF_OK;
}

namespace {

// Nonces need a place, and a window after which they may be forgotten.
bool check_signatures(ngx_conf_t* cf, const MainConfig& config) {
  bool signatures = false;
  for (const core::Api& api : config.manifest->apis) {
    if (!api.authentication.hmac) continue;
    if (config.zone == nullptr) {
      ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                    "tablegate manifest \"%s\": API \"%s\" takes HMAC signatures, whose nonces require a "
                    "\"tablegate_zone\" in the http block",
                    config.manifest_file.c_str(), api.name.c_str());
      return false;
    }
    if (api.hmac.require_nonce && config.hmac_window_off) {
      ngx_log_error(
          NGX_LOG_EMERG, cf->log, 0,
          "tablegate manifest \"%s\": API \"%s\" requires nonces, which \"tablegate_hmac_window 0\" "
          "does not remember",
          config.manifest_file.c_str(), api.name.c_str());
      return false;
    }
    signatures = true;
  }
  // Two masters share no memory.
  if (signatures && ngx_inherited != 0) {
    ngx_log_error(
        NGX_LOG_WARN, cf->log, 0,
        "tablegate: a binary upgrade begins with an empty store of nonces: requests that both masters "
        "see can be sent twice; to prevent that, stop nginx and start it");
  }
  return true;
}

}  // namespace

ngx_int_t check_config(ngx_conf_t* cf, MainConfig& config) {
  if (!config.manifest) {
    if (!config.enabled_anywhere && !config.openapi_anywhere && !config.status_anywhere) return NGX_OK;
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%s\" requires a \"tablegate_manifest\" in the http block",
                  config.enabled_anywhere   ? "tablegate on"
                  : config.openapi_anywhere ? "tablegate_openapi"
                                            : "tablegate_status");
    return NGX_ERROR;
  }
  if (!check_signatures(cf, config)) return NGX_ERROR;
  open_documents(cf, config);
  for (const core::Api& api : config.manifest->apis) {
    size_t pool = 0;
    bool found = false;
    for (const Service& service : config.services) {
      for (const ResourceGroup& group : service.groups) {
        if (service.name == api.service && group.name == api.resource_group) {
          config.pool_of_api.push_back(pool);
          found = true;
        }
        ++pool;
      }
    }
    if (!found) {
      ngx_log_error(
          NGX_LOG_EMERG, cf->log, 0,
          "tablegate manifest \"%s\": API \"%s\" requires resource_group \"%s\" of tablegate_service \"%s\", "
          "which nginx.conf does not define",
          config.manifest_file.c_str(), api.name.c_str(), api.resource_group.c_str(), api.service.c_str());
      return NGX_ERROR;
    }
  }
  return NGX_OK;
}

}  // namespace tablegate::ngx
