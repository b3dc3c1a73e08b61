// A seed file (seed.hpp) as a source of rows for a load.
#pragma once

#include <optional>
#include <string>

#include "source/seed/seed.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

class SeedSource final : public TableSource {
 public:
  // Reads the file whole, or standard input ("-"). Throws SystemFailure, Refused.
  SeedSource(std::string path, SeedTable table);

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return "sql:" + path_; }
  std::optional<SourceTime> source_time() const override { return time_; }

 private:
  std::string path_;
  std::string shown_;  // path in messages
  SeedTable table_;
  std::string text_;
  std::optional<SourceTime> time_;
};

}  // namespace tablegate::loader
