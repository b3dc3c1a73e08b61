// Which sources a service may read: `table watch` runs with rights and secrets of
// its own, and what it loads is written by others. One rule is csv:/DIR,
// postgresql:HOST[:PORT] or maxcompute:URL; rules come from --allow-source and from
// a file, one a line. A load by hand has no list: it reads what its user can.
#pragma once

#include <string>
#include <vector>

#include "model/table_definition.hpp"

namespace tablegate::loader {

class AllowedSources {
 public:
  AllowedSources() = default;
  // Throws WrongUsage for what is no rule.
  explicit AllowedSources(const std::vector<std::string>& rules);

  bool empty() const { return rules_.empty(); }
  // As they were given.
  const std::vector<std::string>& rules() const { return rules_; }

  // The rule that a source needs and does not have, as --allow-source takes it, or "" where all of it is
  // allowed. Throws Refused where the source hides from where it reads.
  std::string missing(const DataSourceDefinition& source) const;
  // The folder of the rule that allows the file, folder or glob.
  std::string root_of(const std::string& path) const;

 private:
  bool allows_postgresql(const std::string& address) const;
  bool allows_maxcompute(const std::string& url) const;

  std::vector<std::string> rules_;
  std::vector<std::string> folders_;    // absolute
  std::vector<std::string> addresses_;  // "host:5432"
  std::vector<std::string> urls_;
};

// The file of the rules: TABLEGATE_SOURCES_FILE of the environment, else /etc/tablegate/sources.
std::string sources_file();
// Its rules; none where there is no file. Throws
// Refused where others than root and the running user can write to it, or a line is no rule.
std::vector<std::string> read_sources_file();

}  // namespace tablegate::loader
