// The block tablegate_service NAME { ... }.
#include <netdb.h>
#include <strings.h>
#include <sys/socket.h>

#include "ngx/config.hpp"
#include "ngx/file.hpp"

namespace tablegate::ngx {

namespace {

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.find_first_of(" \t\"'{};") == std::string_view::npos;
}

// All addresses of a host, by the system's resolver: at start and at reload only, as nginx does for
// proxy_pass.
std::vector<std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::vector<std::string> addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  freeaddrinfo(list);
  return addresses;
}

// What is inside one block while it is being read.
struct Reading {
  MainConfig& config;
  Service service;
  std::string password_file;
};

// What concerns this service alone: fatal only without `tablegate_manifest FILE optional`, which may follow.
char* note(ngx_conf_t* cf, Reading& reading, const std::string& message) {
  note_fault(cf, reading.config, "tablegate_service " + reading.service.name + ": " + message);
  return NGX_CONF_OK;
}

char* read_dsn(ngx_conf_t* cf, Reading& reading, const ngx_str_t& value) {
  if (reading.service.has_dsn) return conf_error(cf, "dsn is given twice");
  reading.service.has_dsn = true;
  core::Result<pg::Dsn> dsn = pg::parse_dsn(view(value));
  if (!dsn) return note(cf, reading, "dsn: " + dsn.error().text());
  const core::Result<std::vector<std::string>> unknown = dsn->resolve(resolve);
  if (!unknown) return note(cf, reading, "dsn: host not found: " + unknown.error().where);
  // The others serve meanwhile: one server whose name is gone must not keep nginx from starting.
  for (const std::string& host : *unknown) {
    ngx_conf_log_error(
        NGX_LOG_WARN, cf, 0,
        "dsn of tablegate_service %*s: host not found: %*s; it is left out until the next reload",
        reading.service.name.size(), reading.service.name.data(), host.size(), host.data());
  }
  reading.service.dsn = std::make_unique<pg::Dsn>(std::move(*dsn));
  return NGX_CONF_OK;
}

char* read_group(ngx_conf_t* cf, Reading& reading, const ngx_str_t* arguments, size_t count) {
  ResourceGroup group;
  group.name = view(arguments[1]);
  if (!valid_name(group.name)) return conf_error(cf, "resource_group has no valid name");
  for (const ResourceGroup& other : reading.service.groups) {
    if (other.name == group.name) return conf_error(cf, "resource_group " + group.name + " is given twice");
  }
  for (size_t i = 2; i < count; ++i) {
    const std::string_view argument = view(arguments[i]);
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    ngx_int_t number = NGX_ERROR;
    if (equals != std::string_view::npos) {
      number = ngx_atoi(arguments[i].data + equals + 1, arguments[i].len - equals - 1);
    }
    if (name == "connections" && number >= 1 && number <= 1000) {
      group.connections = static_cast<unsigned>(number);
    } else if (name == "queue" && number >= 0 && number <= 1000000) {
      group.queue = static_cast<unsigned>(number);
    } else if (argument == "fair=on" || argument == "fair=off") {
      group.fair = argument == "fair=on";
    } else {
      return conf_error(cf,
                        "resource_group takes connections=1..1000, queue=0..1000000 and fair=on|off, not \"" +
                            std::string(argument) + "\"");
    }
  }
  reading.service.groups.push_back(std::move(group));
  return NGX_CONF_OK;
}

char* read_flag(ngx_conf_t* cf, const ngx_str_t* arguments, bool& flag) {
  if (view(arguments[1]) == "on") {
    flag = true;
  } else if (view(arguments[1]) == "off") {
    flag = false;
  } else {
    return conf_error(cf, std::string(view(arguments[0])) + " is on or off");
  }
  return NGX_CONF_OK;
}

// One directive of the block; `cf->handler_conf` is the Reading.
char* read_line(ngx_conf_t* cf, ngx_command_t*, void*) noexcept try {
  auto& reading = *static_cast<Reading*>(static_cast<void*>(cf->handler_conf));
  auto* arguments = static_cast<ngx_str_t*>(cf->args->elts);
  const size_t count = cf->args->nelts;
  const std::string_view name = view(arguments[0]);
  if (name == "resource_group" && count >= 2) return read_group(cf, reading, arguments, count);
  if (count != 2) return conf_error(cf, std::string(name) + " takes one argument");
  if (name == "dsn") return read_dsn(cf, reading, arguments[1]);
  if (name == "prepare") return read_flag(cf, arguments, reading.service.prepare);
  if (name == "pipeline") return read_flag(cf, arguments, reading.service.pipeline);
  if (name == "password_file") {
    ngx_str_t file = arguments[1];
    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) return conf_error();
    reading.password_file = view(file);
    return NGX_CONF_OK;
  }
  if (name == "connect_timeout") {
    const ngx_int_t timeout = ngx_parse_time(&arguments[1], 0);
    if (timeout == NGX_ERROR || timeout < 1 || timeout > 60000) {
      return conf_error(cf, "connect_timeout is a time from 1ms to 60s");
    }
    reading.service.connect_timeout = static_cast<ngx_msec_t>(timeout);
    return NGX_CONF_OK;
  }
  return conf_error(cf, "unknown directive \"" + std::string(name) + "\" in tablegate_service");
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

char* read_password(ngx_conf_t* cf, Reading& reading) {
  core::Result<std::string> file = read_file(reading.password_file);
  if (!file)
    return note(cf, reading, "password_file \"" + reading.password_file + "\" " + file.error().text());
  std::string& password = *file;
  size_t size = password.size();
  // One line end is not part of it, LF or CRLF.
  if (size > 0 && password[size - 1] == '\n') --size;
  if (size < password.size() && size > 0 && password[size - 1] == '\r') --size;
  if (size == 0) return note(cf, reading, "password_file \"" + reading.password_file + "\" is empty");
  reading.service.dsn->set_password({password.data(), size});
  explicit_bzero(password.data(), password.size());
  return NGX_CONF_OK;
}

}  // namespace

char* set_service(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<MainConfig*>(conf);
  auto* arguments = static_cast<ngx_str_t*>(cf->args->elts);
  Reading reading{config, {}, {}};
  reading.service.name = view(arguments[1]);
  if (!valid_name(reading.service.name)) return conf_error(cf, "tablegate_service has no valid name");
  for (const Service& other : config.services) {
    if (other.name == reading.service.name)
      return conf_error(cf, "tablegate_service " + other.name + " is given twice");
  }
  const ngx_conf_t saved = *cf;
  cf->handler = read_line;
  cf->handler_conf = static_cast<char*>(static_cast<void*>(&reading));
  char* result = ngx_conf_parse(cf, nullptr);
  *cf = saved;
  if (result != NGX_CONF_OK) return result;
  if (!reading.service.has_dsn) {
    return conf_error(cf, "tablegate_service " + reading.service.name + " has no dsn");
  }
  if (!reading.password_file.empty() && reading.service.dsn) {
    if (read_password(cf, reading) != NGX_CONF_OK) return conf_error();
  }
  if (reading.service.groups.empty()) {
    reading.service.groups.emplace_back();
    reading.service.groups.back().name = "default";
  }
  config.services.push_back(std::move(reading.service));
  return NGX_CONF_OK;
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

}  // namespace tablegate::ngx
