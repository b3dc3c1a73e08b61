#include "mirror/load.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/lookup.hpp"
#include "catalog/row_lock.hpp"
#include "mirror/generations.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/published_columns.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

std::string serving_note(const std::optional<GenerationTable>& serving) {
  return serving ? fmt::format("; generation {} keeps serving", serving->generation) : std::string();
}

class Load {
 public:
  Load(Database& catalog, Database& mirror, const TableSpec& spec, const LoadLimits& limits,
       const LoadMode& mode, const LoadWatch& watch)
      : catalog_(catalog), mirror_(mirror), spec_(spec), limits_(limits), mode_(mode), watch_(watch) {}

  LoadOutcome run(TableSource& source) {
    open_load_session(mirror_);
    keep_session(catalog_);
    const TableLock lock(mirror_, spec_.name);
    std::vector<GenerationTable> tables = list_generations(mirror_, spec_.name);
    if (!mode_.dry_run) {
      reconcile_generations(catalog_, spec_.name, tables);
      drop_generations(mirror_, spec_.name, leftovers(catalog_, spec_.name, tables));
    }
    check_published_columns(catalog_, spec_);
    serving_ = serving_generation(tables);
    carry_.emplace(catalog_, spec_, serving_, source, mode_);
    if (carry_->unchanged()) return unchanged();
    if (mode_.dry_run) return try_out(source, tables);
    next_.generation = begin_generation(catalog_, spec_, source.label(), tables);
    std::string loaded_at;
    try {
      Transaction transaction(mirror_);
      build(source);
      transaction.commit();
      describe_generation(catalog_, spec_, next_.generation, described(source));
      recheck_published_columns();
      watch_.step("swapping");
      SwapDetails details;
      details.strategy = spec_.swap;
      if (const auto time = source.source_time()) details.source_time = source_time_text(*time);
      loaded_at = swap_generation(mirror_, spec_.name, next_.generation, details);
    } catch (...) {
      give_up();
      throw;
    }
    // From here on the new generation serves, even if the catalog does not know it: the next load repairs
    // that.
    try {
      finish_generation(catalog_, spec_.name, next_.generation, next_.rows, loaded_at, mode_.keep);
    } catch (const Failure& failure) {
      throw SystemFailure(fmt::format(
          "generation {} serves, but the catalog could not be updated: {}; the next load does that",
          next_.generation, failure.what()));
    }
    drop_old();
    return {next_.generation, next_.rows, carried_, false, false};
  }

 private:
  // Checks what was published since the load began. Later publications check the table that is being loaded.
  void recheck_published_columns() {
    Transaction transaction(catalog_);
    lock_catalog(catalog_);
    check_published_columns(catalog_, spec_);
    transaction.commit();
  }

  LoadOutcome unchanged() {
    if (!mode_.dry_run) generation_checked(catalog_, spec_.name, serving_->generation);
    return {serving_->generation, serving_->rows, 0, true, mode_.dry_run};
  }

  // A whole load in a transaction that is rolled back; the catalog is not changed.
  LoadOutcome try_out(TableSource& source, const std::vector<GenerationTable>& tables) {
    next_.generation = next_generation(catalog_, spec_.name, tables);
    const Transaction transaction(mirror_);
    build(source);
    return {next_.generation, next_.rows, carried_, false, true};
  }

  GenerationSource described(TableSource& source) const {
    GenerationSource described{source.source_time(), {}, carry_->partitions(source)};
    if (!described.partitions.empty()) described.origin = source.partitioned()->origin();
    return described;
  }

  // A failed load leaves only a 'failed' row. Errors here would hide the reason; the next load cleans up.
  void give_up() noexcept {
    try {
      drop_generations(mirror_, spec_.name, {next_.generation});
      fail_generation(catalog_, spec_.name, next_.generation);
    } catch (...) {  // NOLINT(bugprone-empty-catch): see above
    }
  }

  // The load is complete; the next load drops what this one could not.
  void drop_old() noexcept {
    try {
      drop_generations(mirror_, spec_.name,
                       leftovers(catalog_, spec_.name, list_generations(mirror_, spec_.name)));
    } catch (...) {  // NOLINT(bugprone-empty-catch): see above
    }
  }

  // In the caller's transaction: the table, its rows, its keys and indexes, then sealed.
  void build(TableSource& source) {
    // Instants in the file without an offset are in the table's time zone.
    mirror_.query("SELECT set_config('timezone', $1, true)", {spec_.time_zone});
    create_generation(mirror_, spec_.name, next_.generation, spec_.columns);
    next_.relation = generation_name(spec_.name, next_.generation);
    try {
      next_.rows = source.copy_into(mirror_, mirror_name(next_.relation), true, watch_.copying);
    } catch (const SourceChanged&) {
      throw;  // the caller tries again
    } catch (const Refused& refused) {
      throw Refused(refused.what() + serving_note(serving_), refused.next());
    } catch (
        const DatabaseError& error) {  // the line that COPY gives is not the row's: rows go in by the page
      if (error.sqlstate.compare(0, 2, "54") != 0) throw;
      throw Refused(fmt::format("{}: PostgreSQL cannot keep a row of these {} columns{}", error.what(),
                                spec_.columns.size(), serving_note(serving_)),
                    Hint::command({"table", "columns", spec_.name}));
    }
    if (carry_->copies()) watch_.step("taking over other rows");
    carried_ = carry_->copy(mirror_, next_.generation);
    next_.rows += carried_;
    check_rows();
    watch_.step("building indexes");
    seal();
  }

  // Keeps an incomplete export from replacing a good one.
  void check_rows() const {
    const int64_t before = serving_ ? serving_->rows : 0;
    const int64_t least = limits_.min_rows.value_or(before > 0 ? 1 : 0);
    if (next_.rows < least) {
      throw Refused(fmt::format("Table \"{}\": {} rows arrived, at least {} were expected (--min-rows 0 "
                                "allows an empty table){}",
                                spec_.name, next_.rows, least, serving_note(serving_)),
                    limits_.min_rows ? Hint::command({"table", "status", spec_.name})
                                     : Hint::again().set("--min-rows", "0"));
    }
    const int64_t missing = before - next_.rows;
    if (limits_.max_shrink && missing > 0 &&
        static_cast<double>(missing) * 100 > *limits_.max_shrink * static_cast<double>(before)) {
      throw Refused(fmt::format("Table \"{}\": {} rows arrived where {} were before, more are missing than "
                                "--max-shrink {} allows{}",
                                spec_.name, next_.rows, before, *limits_.max_shrink, serving_note(serving_)),
                    Hint::command({"table", "status", spec_.name}));
    }
  }

  // Ends writing to it, builds its keys and indexes, and marks it as ready for the swap.
  void seal() {
    const std::string generation = std::to_string(next_.generation);
    const std::string rows = std::to_string(next_.rows);
    const std::string key = names_text(spec_.primary_key);
    const std::string indexes = index_lists();
    const char* const values[] = {spec_.name.c_str(), generation.c_str(), rows.c_str(), key.c_str(),
                                  indexes.c_str()};
    const Rows done(PQexecParams(mirror_.connection(),
                                 "SELECT mirror_load.seal_generation($1, $2, $3, $4, $5)", 5, nullptr, values,
                                 nullptr, nullptr, 0));
    if (PQresultStatus(done.get()) == PGRES_TUPLES_OK) return;
    const auto part = [&done](int code) {
      const char* text = PQresultErrorField(done.get(), code);
      return std::string(text == nullptr ? "" : text);
    };
    const std::string state = part(PG_DIAG_SQLSTATE);
    if (state.compare(0, 2, "54") == 0) refuse_long_key(part(PG_DIAG_MESSAGE_PRIMARY), part(PG_DIAG_CONTEXT));
    if (state != "23505") throw DatabaseError(state, "keys and indexes: " + part(PG_DIAG_MESSAGE_PRIMARY));
    std::string detail = part(PG_DIAG_MESSAGE_DETAIL);  // "Key (user_id)=(1) is duplicated."
    if (!detail.empty() && detail.back() == '.') detail.pop_back();
    throw Refused(fmt::format("Table \"{}\": primary_key ({}) is not unique in the data: {}{}", spec_.name,
                              fmt::join(spec_.primary_key, ", "), detail, serving_note(serving_)),
                  Hint::command({"get", "table", spec_.name, "-o", "json"}));
  }

  // A value longer than an index can hold; the statement in PL/pgSQL's context names the columns.
  [[noreturn]] void refuse_long_key(const std::string& message, const std::string& context) const {
    const bool key = context.find("ADD PRIMARY KEY (") != std::string::npos;
    const size_t open = context.find(" (");
    const size_t close = context.find(')', open);
    const std::string columns =
        open == std::string::npos || close == std::string::npos ? "" : context.substr(open + 1, close - open);
    throw Refused(
        fmt::format(
            "Table \"{}\": {} {}: a value is longer than an index can hold ({}): an index takes at most "
            "2704 bytes a row{}",
            spec_.name, key ? "primary_key" : "index", columns, message, serving_note(serving_)),
        Hint::command({"apply", "-f", "FILE"}));
  }

  // [["age"],["customer","day"]]
  std::string index_lists() const {
    std::vector<std::string> lists;
    for (const std::vector<std::string>& columns : spec_.indexes) lists.push_back(names_text(columns));
    return fmt::format("[{}]", fmt::join(lists, ","));
  }

  Database& catalog_;
  Database& mirror_;
  const TableSpec& spec_;
  const LoadLimits& limits_;
  const LoadMode& mode_;
  const LoadWatch& watch_;
  std::optional<CarryOver> carry_;
  int64_t carried_ = 0;
  std::optional<GenerationTable> serving_;
  GenerationTable next_;
};

}  // namespace

LoadOutcome load_table(Database& catalog, Database& mirror, const TableSpec& spec, TableSource& source,
                       const LoadLimits& limits, const LoadMode& mode, const LoadWatch& watch) {
  return Load(catalog, mirror, spec, limits, mode, watch).run(source);
}

}  // namespace tablegate::loader
