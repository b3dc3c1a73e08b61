#include "ngx/config.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "ngx/manifest_files.hpp"
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

constexpr size_t kLeastBuffer = 131072;  // less holds no two buffers of an answer

// Workers share the master's heap for as long as neither writes to it. glibc puts freed chunks into one list;
// the next large allocations sort it into bins, 10,000 chunks each, and write into every chunk. A worker
// would do that to a private copy of all those pages, so it is done here, before the fork. A block of this
// size is too large for the bins of small chunks and too small for mmap(2).
void settle_heap() {
  constexpr size_t kBlock = 64 << 10;
  constexpr int kMost = 64;
  for (int i = 0; i < kMost; ++i) {
    void* volatile block = malloc(kBlock);  // volatile: else the compiler leaves both calls out
    free(block);
  }
  malloc_trim(0);  // else the master keeps the pages of every manifest it has ever read
}

void destroy_main_config(void* data) noexcept {
  static_cast<MainConfig*>(data)->~MainConfig();
  settle_heap();
}

}  // namespace

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

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
  config->server_timing = NGX_CONF_UNSET;
  config->trace_sql = NGX_CONF_UNSET;
  config->cache = NGX_CONF_UNSET;
  config->stale = NGX_CONF_UNSET;
  config->buffer = NGX_CONF_UNSET_SIZE;
  config->tls_terminated = NGX_CONF_UNSET;
  config->cors = static_cast<ngx_array_t*>(NGX_CONF_UNSET_PTR);
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
  ngx_conf_merge_value(inner.server_timing, outer.server_timing, 0);
  ngx_conf_merge_value(inner.trace_sql, outer.trace_sql, 0);
  ngx_conf_merge_value(inner.cache, outer.cache, 1);
  ngx_conf_merge_sec_value(inner.stale, outer.stale, 0);
  ngx_conf_merge_size_value(inner.buffer, outer.buffer, 1048576);
  ngx_conf_merge_value(inner.tls_terminated, outer.tls_terminated, 0);
  ngx_conf_merge_ptr_value(inner.cors, outer.cors, nullptr);
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
    return conf_error(cf, "tablegate_zone requires a size of at least " +
                              std::to_string(8 * ngx_pagesize / 1024) + "k, not " +
                              quoted(view(arguments[1])));
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

void note_fault(ngx_conf_t* cf, MainConfig& config, const std::string& message) {
  if (!config.fault.empty()) return;
  config.fault = message;
  if (cf->conf_file != nullptr && cf->conf_file->file.fd != NGX_INVALID_FILE) {
    config.fault +=
        " in " + std::string(view(cf->conf_file->file.name)) + ":" + std::to_string(cf->conf_file->line);
  }
}

char* set_manifest(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<MainConfig*>(conf);
  auto* const arguments = static_cast<ngx_str_t*>(cf->args->elts);
  ngx_str_t name = arguments[1];
  if (!config.manifest_file.empty()) return const_cast<char*>("is duplicate");
  if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) return conf_error();
  config.manifest_file = view(name);
  if (cf->args->nelts == 3) {
    if (view(arguments[2]) != "optional")
      return conf_error(cf, "tablegate_manifest: unknown parameter " + quoted(view(arguments[2])) +
                                ", only \"optional\" is known");
    config.manifest_optional = true;
  }
  const std::string fault = read_manifest_files(cf, config);
  if (fault.empty()) return NGX_CONF_OK;
  if (!config.manifest_optional) return conf_error(cf, fault);
  note_fault(cf, config, fault);
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

char* check_buffer(ngx_conf_t* cf, void*, void* data) noexcept {
  if (*static_cast<size_t*>(data) >= kLeastBuffer) return NGX_CONF_OK;
  return conf_error(cf, "tablegate_buffer requires a size of at least 128k");
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

std::string of_api(const MainConfig& config, const core::Api& api) {
  return "tablegate manifest " + quoted(config.manifest_file) + ": API " + quoted(api.name);
}

// Nonces need a place, and a window after which they may be forgotten.
std::string signature_fault(const MainConfig& config, bool& signatures) {
  for (const core::Api& api : config.manifest->apis) {
    if (!api.authentication.hmac) continue;
    signatures = true;
    if (config.zone == nullptr) {
      return of_api(config, api) +
             " takes HMAC signatures, whose nonces require a \"tablegate_zone\" in the http block; add to "
             "it: "
             "tablegate_zone 32m;";
    }
    if (api.hmac.require_nonce && config.hmac_window_off) {
      return of_api(config, api) +
             " requires nonces, which \"tablegate_hmac_window 0\" does not remember; remove that directive";
    }
  }
  return {};
}

// Finds the pool of each API.
std::string pool_fault(MainConfig& config) {
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
      return of_api(config, api) + " requires resource_group " + quoted(api.resource_group) +
             " of tablegate_service " + quoted(api.service) +
             ", which nginx.conf does not define; add it there, or try: tablegate api publish " +
             quoted(api.name) + " --service NAME";
    }
  }
  return {};
}

// A reload must not end what the running configuration serves.
bool serves_already(const ngx_cycle_t* old) {
  if (old == nullptr || ngx_is_init_cycle(old) || old->modules == nullptr) return false;
  bool known = false;  // otherwise it has no place for our configuration
  for (ngx_uint_t i = 0; old->modules[i] != nullptr; ++i) {
    known = known || old->modules[i] == &ngx_http_tablegate_module;
  }
  if (!known || ngx_get_conf(old->conf_ctx, ngx_http_module) == nullptr) return false;
  const auto* const config =
      static_cast<const MainConfig*>(ngx_http_cycle_get_module_main_conf(old, ngx_http_tablegate_module));
  return config != nullptr && config->manifest != nullptr;
}

const char* directive_without_manifest(const MainConfig& config) {
  return config.enabled_anywhere   ? "tablegate on"
         : config.openapi_anywhere ? "tablegate_openapi"
         : config.status_anywhere  ? "tablegate_status"
                                   : nullptr;
}

}  // namespace

ngx_int_t check_config(ngx_conf_t* cf, MainConfig& config) {
  bool signatures = false;
  if (config.manifest && config.fault.empty()) config.fault = signature_fault(config, signatures);
  if (config.manifest && config.fault.empty()) config.fault = pool_fault(config);
  if (!config.fault.empty()) {
    const std::string& fault = config.fault;
    if (!config.manifest_optional || serves_already(cf->cycle->old_cycle)) {
      ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%*s", fault.size(), fault.data());
      return NGX_ERROR;
    }
    config.manifest.reset();
    ngx_log_error(NGX_LOG_ERR, cf->log, 0,
                  "tablegate: no API is served, each call is answered with 503 until this is corrected and "
                  "nginx is reloaded: %*s",
                  fault.size(), fault.data());
    return NGX_OK;
  }
  if (!config.manifest) {
    const char* const directive = directive_without_manifest(config);
    if (directive == nullptr) return NGX_OK;
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%s\" requires a \"tablegate_manifest\" in the http block",
                  directive);
    return NGX_ERROR;
  }
  open_documents(cf, config);
  // Two masters share no memory.
  if (signatures && ngx_inherited != 0) {
    ngx_log_error(
        NGX_LOG_WARN, cf->log, 0,
        "tablegate: a binary upgrade begins with an empty store of nonces: requests that both masters "
        "see can be sent twice; to prevent that, stop nginx and start it");
  }
  return NGX_OK;
}

}  // namespace tablegate::ngx
