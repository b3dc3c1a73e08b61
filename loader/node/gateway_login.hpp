// Signs in to PostgreSQL as a worker of nginx does: with the DSN and password
// file of nginx.conf, as the system user of the workers, and without this
// process's environment. So pg_hba.conf, pg_ident.conf and passwords are tried
// as they are for callers.
#pragma once

#include <string>

namespace tablegate::loader {

struct GatewayLogin {
  std::string dsn, password_file;  // as in tablegate_service; no password file: ""
  std::string system_user;         // taken on by root only; anyone else tries as himself
};

struct LoginOutcome {
  bool good = false;
  std::string text;  // "tablegate_reader at /run/postgresql", or what libpq or PostgreSQL reported
};

// Takes at most about 10 s. `text` holds no password.
LoginOutcome try_gateway_login(const GatewayLogin& login);

}  // namespace tablegate::loader
