// Shared by the pg_* unit tests: a query that remembers its outcome, and waiting for conditions.
// Header only; no test of its own.
#pragma once

#include <libpq-fe.h>
#include <stdlib.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pg/cells.hpp"
#include "pg/poll_loop.hpp"
#include "pg/pool.hpp"
#include "testing.hpp"

namespace tablegate::pg::testing {

constexpr Oid kInt4 = 23;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;
constexpr uint32_t kLimitMs = 20000;

// Counts its callbacks: more than one is always a bug.
class TestQuery : public Query {
 public:
  TestQuery(uint64_t route, std::string text, std::vector<std::string> arguments = {},
            std::vector<Oid> types = {})
      : text_(std::move(text)), arguments_(std::move(arguments)), types_(std::move(types)) {
    key.route = route;
    types_.resize(arguments_.size(), kText);
    for (const std::string& argument : arguments_) pointers_.push_back(argument.c_str());
    parameter_count = static_cast<int>(pointers_.size());
    values = pointers_.data();
    timeout_ms = 10000;
  }

  std::string sql() const override { return text_; }
  void parameter_types(std::vector<Oid>& types) const override {
    types.insert(types.end(), types_.begin(), types_.end());
  }
  void on_rows(const Cells& cells, bool last) noexcept override {
    ck_assert_int_eq(callbacks, 0);
    ++chunks;
    rows += static_cast<int>(cells.rows());
    if (cells.rows() > 0 && cells.columns() > 0) {
      value = text_of(cells, 0);
      for (std::size_t row = 0; row < cells.rows(); ++row) column.push_back(text_of(cells, row));
    }
    if (last) {
      ++callbacks;
      ok = true;
    }
    if (on_chunk) on_chunk();
    if (last && then) then();
  }
  void on_failure(const Failure& what) noexcept override {
    ++callbacks;
    failed = true;
    failure = what;
    if (then) then();
  }
  bool done() const { return callbacks > 0; }

  int callbacks = 0;
  int chunks = 0;  // calls of on_rows
  bool ok = false;
  bool failed = false;
  int rows = 0;
  std::string value;                // first column of the last chunk's first row
  std::vector<std::string> column;  // first column of all rows
  Failure failure;
  std::function<void()> then;      // after the last callback
  std::function<void()> on_chunk;  // after each on_rows

 private:
  static std::string text_of(const Cells& cells, std::size_t row) {
    const tablegate::core::Cell cell = cells.cell(row, 0);
    return {cell.data == nullptr ? "" : cell.data, cell.size};
  }

  std::string text_;
  std::vector<std::string> arguments_;
  std::vector<Oid> types_;
  std::vector<const char*> pointers_;
};

// The lines a pool logged.
struct LogLines {
  PollLoop::LogSink sink() {
    return [this](LogLevel, std::string_view line) { lines.emplace_back(line); };
  }
  bool has(const std::string& part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::string> lines;
};

inline Dsn dsn_of(const std::string& text) {
  core::Result<Dsn> dsn = parse_dsn(text);
  ck_assert_msg(static_cast<bool>(dsn), "not a DSN");
  return std::move(*dsn);
}

inline PoolConfig config_of(const Dsn& dsn, unsigned connections) {
  PoolConfig config;
  config.name = "test";
  config.dsn = &dsn;
  config.connections = connections;
  config.connect_timeout_ms = 2000;
  return config;
}

inline void wait_for(PollLoop& loop, const std::function<bool()>& done, const char* what) {
  ck_assert_msg(loop.run_until(done, kLimitMs), "waited too long for: %s", what);
}

}  // namespace tablegate::pg::testing
