#include "node/gateway_login.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/descriptor.hpp"
#include "base/line_end.hpp"
#include "base/refusal.hpp"
#include "model/definition.hpp"
#include "pg/dsn.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kConnectSeconds = "3";  // for each host
constexpr unsigned kAllSeconds = 10;
constexpr size_t kMostPassword = 4096;  // bytes

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

// All addresses of a host, as nginx's master finds them.
std::vector<std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::vector<std::string> addresses;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  ::freeaddrinfo(list);
  return addresses;
}

bool become(const std::string& user) {
  if (::geteuid() != 0 || user.empty()) return true;
  const passwd* const entry = ::getpwnam(user.c_str());
  return entry != nullptr && ::initgroups(user.c_str(), entry->pw_gid) == 0 && ::setgid(entry->pw_gid) == 0 &&
         ::setuid(entry->pw_uid) == 0;
}

// One host. What nginx's workers read first is the list of generations.
LoginOutcome try_endpoint(const pg::Dsn& dsn, size_t index) {
  pg::ConnectKeywords how = dsn.keywords(index);
  how.keywords.insert(how.keywords.end() - 1, "connect_timeout");
  how.values.insert(how.values.end() - 1, kConnectSeconds);
  const Connection connection(PQconnectdbParams(how.keywords.data(), how.values.data(), 0), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) return {false, PQerrorMessage(connection.get())};
  const ResultPtr result(PQexec(connection.get(), "SELECT count(*) FROM mirror.tablegate_tables"), &PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return {false, PQerrorMessage(connection.get())};
  return {true, fmt::format("{} at {}", PQuser(connection.get()), dsn.endpoints()[index].label())};
}

LoginOutcome try_all(const GatewayLogin& login, const std::string& password) {
  if (!become(login.system_user))
    return {false, fmt::format("cannot become user \"{}\": {}", login.system_user, std::strerror(errno))};
  ::clearenv();
  auto dsn = pg::parse_dsn(login.dsn);
  if (!dsn) return {false, "dsn: " + dsn.error().text()};
  if (const auto unknown = dsn->resolve(resolve); !unknown)
    return {false, "dsn: host not found: " + unknown.error().where};
  if (!password.empty()) dsn->set_password(password);
  LoginOutcome outcome;
  for (size_t index = 0; index < dsn->endpoints().size() && !outcome.good; ++index) {
    LoginOutcome next = try_endpoint(*dsn, index);
    if (next.good || outcome.text.empty()) outcome = std::move(next);
  }
  return outcome;
}

std::string read_all(int from) {
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(from, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes, static_cast<size_t>(got));
  }
}

}  // namespace

LoginOutcome try_gateway_login(const GatewayLogin& login) {
  std::string password;
  if (!login.password_file.empty()) {
    try {
      password = read_file(login.password_file, kMostPassword);
      drop_line_end(password);
    } catch (const Failure& failure) {
      return {false, failure.what()};
    }
  }
  int ends[2];
  if (::pipe(ends) != 0) return {false, fmt::format("pipe: {}", std::strerror(errno))};
  const Descriptor from(ends[0]);
  std::optional<Descriptor> to(std::in_place, ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kAllSeconds);
    const LoginOutcome outcome = try_all(login, password);
    const std::string text = (outcome.good ? "+" : "-") + outcome.text;
    const bool written = ::write(to->number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::explicit_bzero(password.data(), password.size());
  if (child < 0) return {false, fmt::format("fork: {}", std::strerror(errno))};
  to.reset();
  std::string text = read_all(from.number());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return {false, fmt::format("no answer within {} s", kAllSeconds)};
  return {text[0] == '+', text.substr(1)};
}

}  // namespace tablegate::loader
