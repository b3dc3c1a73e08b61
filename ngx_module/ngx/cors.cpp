#include "ngx/cors.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/text/origin.hpp"
#include "ngx/answer.hpp"
#include "ngx/call.hpp"
#include "ngx/config.hpp"

namespace tablegate::ngx {

namespace {

constexpr std::string_view kEveryOrigin = "*";

ngx_http_output_header_filter_pt next_cors_filter;

// The origin for which the answer is, as the configuration has it; empty: none that is listed.
std::string_view allowed_origin(ngx_http_request_t* r, const ngx_array_t& origins) {
  const auto* const first = static_cast<const ngx_str_t*>(origins.elts);
  if (view(*first) == kEveryOrigin) return kEveryOrigin;
  unsigned count = 0;
  const std::string_view origin = Headers(r).find("Origin", count);
  if (count != 1) return {};
  const auto* const last = first + origins.nelts;
  const auto* const found =
      std::find_if(first, last, [origin](const ngx_str_t& one) { return view(one) == origin; });
  return found == last ? std::string_view() : view(*found);
}

ngx_int_t cors_filter(ngx_http_request_t* r) noexcept {
  const ngx_array_t* const origins = location_config(r).cors;
  if (origins != nullptr && r == r->main) {
    const std::string_view origin = allowed_origin(r, *origins);
    if (!add_cors_headers(r, origin, origin != kEveryOrigin)) return NGX_ERROR;
  }
  return next_cors_filter(r);
}

bool is_preflight(ngx_http_request_t* r) {
  const Headers headers(r);
  unsigned origins = 0;
  unsigned methods = 0;
  headers.find("Origin", origins);
  headers.find("Access-Control-Request-Method", methods);
  return origins == 1 && methods == 1;
}

}  // namespace

ngx_int_t preflight_handler(ngx_http_request_t* r) noexcept {
  if (r->method != NGX_HTTP_OPTIONS || r != r->main) return NGX_DECLINED;
  const ngx_array_t* const origins = location_config(r).cors;
  // For another origin it is a request like any other.
  if (origins == nullptr || !is_preflight(r) || allowed_origin(r, *origins).empty()) return NGX_DECLINED;
  ngx_http_finalize_request(r, send_preflight(r));
  return NGX_DONE;
}

char* set_cors(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<LocationConfig*>(conf);
  if (config.cors != NGX_CONF_UNSET_PTR) return const_cast<char*>("is duplicate");
  const auto* const arguments = static_cast<const ngx_str_t*>(cf->args->elts);
  config.cors = nullptr;
  if (cf->args->nelts == 2 && view(arguments[1]) == "off") return NGX_CONF_OK;
  std::vector<std::string_view> origins;
  for (ngx_uint_t i = 1; i < cf->args->nelts; ++i) origins.push_back(view(arguments[i]));
  if (const auto fault = core::find_origin_fault(origins)) {
    const std::string message =
        "tablegate_cors: " + quoted(origins[fault->place]) + " " + fault->reason + "; or \"off\" alone";
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%*s", message.size(), message.data());
    return conf_error();
  }
  config.cors = ngx_array_create(cf->pool, origins.size(), sizeof(ngx_str_t));
  if (config.cors == nullptr) return conf_error();
  auto* const list = static_cast<ngx_str_t*>(ngx_array_push_n(config.cors, origins.size()));
  if (list == nullptr) return conf_error();
  std::copy(arguments + 1, arguments + cf->args->nelts, list);  // in the memory of the configuration
  return NGX_CONF_OK;
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

void install_cors_filter() {
  next_cors_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = cors_filter;
}

}  // namespace tablegate::ngx
