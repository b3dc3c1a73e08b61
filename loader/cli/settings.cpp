// What every noun shares of cli.hpp: connections by the global options, and words
// of the contract that are known and not supported yet.
#include <fmt/format.h>

#include "catalog/migrations.hpp"
#include "cli/cli.hpp"

namespace tablegate::loader {

Database Settings::open_catalog(std::chrono::milliseconds patience) const {
  Database database = Database::connect(catalog, "the catalog", patience);
  require_catalog(database);
  return database;
}

Database Settings::open_mirror() const {
  return Database::connect(mirror_dsn(), "the mirror");
}

void add_later_verb(Verb& noun, const std::string& name, const std::string& whole_name) {
  Verb* const verb = noun.add_subcommand(name, "not supported yet");
  verb->group("");
  verb->allow_extras();
  verb->callback(
      [whole_name] { throw Refused(fmt::format("`tablegate {}` is not supported yet", whole_name)); });
}

void add_later_flag(Verb& verb, const std::string& name) {
  verb.add_flag_callback(name, [name] { throw Refused(name + " is not supported yet"); })->group("");
}

}  // namespace tablegate::loader
