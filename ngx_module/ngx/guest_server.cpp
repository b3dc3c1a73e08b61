#include "ngx/guest_server.hpp"

namespace tablegate::ngx {
namespace {

const ServerConfig& config_of(const ngx_http_core_srv_conf_t* server) {
  return *static_cast<ServerConfig*>(server->ctx->srv_conf[ngx_http_tablegate_module.ctx_index]);
}

// nginx itself takes the first block of an address unless one has default_server, and OR-s the http2 of all.
void place_guests_of(ngx_http_conf_addr_t& address) {
  auto** const servers = static_cast<ngx_http_core_srv_conf_t**>(address.servers.elts);
  ngx_http_core_srv_conf_t* host = nullptr;
  bool http2 = false;
  for (ngx_uint_t i = 0; i < address.servers.nelts; ++i) {
    const ServerConfig& config = config_of(servers[i]);
    http2 = http2 || config.http2;
    if (!config.guest && host == nullptr) host = servers[i];
  }
  if (host == nullptr) {
    if (http2) address.opt.http2 = 1;
  } else if (address.opt.default_server == 0 && config_of(address.default_server).guest) {
    address.default_server = host;
  }
}

}  // namespace

void* create_server_config(ngx_conf_t* cf) noexcept {
  return ngx_pcalloc(cf->pool, sizeof(ServerConfig));
}

char* set_guest(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  auto& config = *static_cast<ServerConfig*>(conf);
  if (config.guest) return const_cast<char*>("is duplicate");
  config.guest = true;
  if (cf->args->nelts == 1) return NGX_CONF_OK;
  if (view(static_cast<ngx_str_t*>(cf->args->elts)[1]) != "http2")
    return const_cast<char*>("has an unknown parameter: only \"http2\" is known");
  config.http2 = true;
  return NGX_CONF_OK;
}

void place_guests(ngx_conf_t* cf) {
  const auto* const core =
      static_cast<ngx_http_core_main_conf_t*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  if (core->ports == nullptr) return;
  auto* const ports = static_cast<ngx_http_conf_port_t*>(core->ports->elts);
  for (ngx_uint_t port = 0; port < core->ports->nelts; ++port) {
    auto* const addresses = static_cast<ngx_http_conf_addr_t*>(ports[port].addrs.elts);
    for (ngx_uint_t i = 0; i < ports[port].addrs.nelts; ++i) place_guests_of(addresses[i]);
  }
}

}  // namespace tablegate::ngx
