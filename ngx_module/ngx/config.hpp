// What nginx.conf says of tablegate, and the manifest it names. MainConfig lives
// in the memory of one configuration cycle, is made in the master, and never
// changes afterwards: workers share its pages. The one thing a worker adds is
// its own Worker (connections to PostgreSQL).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "ngx/document_file.hpp"
#include "ngx/ngx.hpp"
#include "pg/dsn.hpp"

namespace tablegate::ngx {

class Worker;

// resource_group NAME connections=N queue=N fair=on|off
struct ResourceGroup {
  std::string name;
  unsigned connections = 8;
  unsigned queue = 1024;
  bool fair = true;
};

// tablegate_service NAME { ... }
struct Service {
  std::string name;
  std::unique_ptr<pg::Dsn> dsn;  // null only where the configuration has a fault
  bool has_dsn = false;          // the directive was there
  std::vector<ResourceGroup> groups;
  ngx_msec_t connect_timeout = 1000;
  bool prepare = true;
  bool pipeline = true;
};

struct MainConfig {
  MainConfig();
  ~MainConfig();

  std::vector<Service> services;
  std::string manifest_file;
  bool manifest_optional = false;
  std::string fault;  // why no API can be served: the first found, of the manifest or of a service
  std::unique_ptr<const core::Manifest> manifest;
  DocumentFile documents;  // of manifest->documents
  // For each API of the manifest the number of its pool, counted over all groups of all services in order.
  std::vector<size_t> pool_of_api;
  ngx_shm_zone_t* zone = nullptr;
  ngx_shm_zone_t* cache_zone = nullptr;
  bool enabled_anywhere = false;
  bool openapi_anywhere = false;
  bool status_anywhere = false;
  uint64_t generation = 0;       // how many configurations this master has read, this one included
  time_t loaded_at = 0;          // when the manifest was read
  time_t hmac_window = 0;        // the largest of all locations that are ours
  bool hmac_window_off = false;  // one of them has 0
  ngx_int_t request_id_index = NGX_ERROR;
  ngx_http_get_variable_pt nginx_request_id = nullptr;  // nginx's own handler of $request_id

  std::unique_ptr<Worker> worker;  // set in a worker's init_process, gone in its exit_process
};

// Plain, because nginx's slot functions write into it.
struct LocationConfig {
  ngx_flag_t enabled;
  time_t hmac_window;  // seconds; 0: signed times and nonces do not count
  ngx_flag_t hmac_diagnostics;
  ngx_flag_t errors;
  ngx_flag_t last_modified;
  ngx_flag_t server_timing;
  ngx_flag_t trace_sql;
  ngx_flag_t cache;
  time_t stale;               // seconds; 0: off
  size_t buffer;              // bytes of an answer that may wait for its client
  ngx_array_t* cors;          // of ngx_str_t: the origins of tablegate_cors; null: off
  ngx_flag_t tls_terminated;  // a proxy in front ends TLS: what comes in clear counts as encrypted
};

MainConfig& main_config(ngx_http_request_t* r);
const LocationConfig& location_config(ngx_http_request_t* r);

void* create_main_config(ngx_conf_t* cf) noexcept;
void* create_location_config(ngx_conf_t* cf) noexcept;
char* merge_location_config(ngx_conf_t* cf, void* parent, void* child) noexcept;

// Directive handlers.
char* set_zone(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_manifest(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_service(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_enabled(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* check_buffer(ngx_conf_t* cf, void* post, void* data) noexcept;
char* set_status(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

// Keeps the first fault, with file and line of the directive, for check_config().
void note_fault(ngx_conf_t* cf, MainConfig& config, const std::string& message);
// The text in double quotes, for messages.
std::string quoted(std::string_view text);

// Postconfiguration: everything the manifest asks for is there. NGX_OK, or NGX_ERROR with the reason logged.
// With `optional`, a start without it is NGX_OK too, and the configuration has no manifest.
ngx_int_t check_config(ngx_conf_t* cf, MainConfig& config);

}  // namespace tablegate::ngx
