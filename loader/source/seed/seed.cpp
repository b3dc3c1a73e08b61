#include "source/seed/seed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "model/ddl_reader.hpp"
#include "source/seed/sql_literal.hpp"
#include "source/seed/sql_value.hpp"

namespace tablegate::loader {
namespace {

class SeedReader : private DdlReader {
 public:
  SeedReader(std::string_view text, const SeedTable& table, CopyText& copy,
             const std::function<void(size_t)>& row_written)
      : DdlReader(text), table_(table), copy_(copy), row_written_(row_written) {}

  void read() {
    while (!at_end()) {
      if (take(';')) continue;
      if (at("CREATE")) {
        read_create();
      } else if (at("INSERT")) {
        read_insert();
      } else {
        refuse_found("a seed file may hold only CREATE TABLE and INSERT");
      }
      if (at_end()) break;
      expect(';');
      take('.');  // some documents end a statement with ";."
    }
    if (!any_) throw Refused(fmt::format("ddl: holds no INSERT INTO {}", table_.names.front()));
  }

 private:
  std::string name(std::string_view what) {
    if (!at_name()) refuse_found(fmt::format("{} expected", what));
    std::string text = core::to_lower(token_.text);
    step();
    return text;
  }
  void skip_statement() {
    while (!at_end() && !token_.is_symbol(';')) step();
  }

  bool is_ours(const std::string& table) const {
    return std::find(table_.names.begin(), table_.names.end(), table) != table_.names.end();
  }

  // The file's definition of the table must agree with the mirror's.
  void read_create() {
    const DdlToken first = token_;
    skip_statement();
    // Blank lines before it keep the file's line numbers.
    const TableDdl ddl =
        parse_ddl(std::string(first.line - 1, '\n') + std::string(lexer_.between(first.begin, token_.begin)));
    if (!is_ours(ddl.table)) return;
    const bool same = std::equal(ddl.columns.begin(), ddl.columns.end(), table_.columns.begin(),
                                 table_.columns.end(), [](const TableColumn& one, const TableColumn& other) {
                                   return one.name == other.name && one.sql_type == other.sql_type;
                                 });
    if (!same) {
      refuse_ddl(first.line, first.column,
                 fmt::format("CREATE TABLE {} has other columns than the Table's definition", ddl.table));
    }
  }

  void read_insert() {
    const DdlToken first = token_;
    step();
    const bool overwrite = take("OVERWRITE");
    if (overwrite) {
      expect("TABLE");
    } else {
      expect("INTO");
      take("TABLE");
    }
    std::string table = name("the table's name");
    for (int parts = 1; take('.'); ++parts) {
      if (parts == 3) refuse_found("a table's name has at most three parts: project.schema.name");
      table = name("the table's name");
    }
    if (!is_ours(table)) return skip_statement();
    if (overwrite && any_) {
      refuse_ddl(first.line, first.column,
                 "INSERT OVERWRITE after other rows: only the first INSERT may be one");
    }
    any_ = true;
    read_columns();
    expect("VALUES");
    do {
      read_row();
    } while (take(','));
  }

  size_t column_of(const std::string& column, const DdlToken& where) const {
    for (size_t i = 0; i < table_.columns.size(); ++i) {
      if (table_.columns[i].name == column) return i;
    }
    refuse_ddl(where.line, where.column,
               fmt::format("the table has no column \"{}\"{}", column,
                           did_you_mean(column, column_names(table_.columns))));
  }

  // The columns that a row's values are for, and the constants for all rows.
  void read_columns() {
    constants_.assign(table_.columns.size(), std::nullopt);
    places_.clear();
    std::vector<size_t> dynamic;
    if (take("PARTITION")) read_partition(dynamic);
    if (take('(')) {
      do {
        const DdlToken where = token_;
        add_place(column_of(name("a column's name"), where), where);
      } while (take(','));
      expect(')');
    } else {
      for (size_t i = 0; i < table_.columns.size(); ++i) {
        if (!constants_[i] && std::find(dynamic.begin(), dynamic.end(), i) == dynamic.end())
          places_.push_back(i);
      }
    }
    for (const size_t place : dynamic) add_place(place, token_);
  }

  // PARTITION (ds='20260101', hh): the value of hh is the last one of each row.
  void read_partition(std::vector<size_t>& dynamic) {
    expect('(');
    do {
      const DdlToken where = token_;
      const size_t column = column_of(name("a partition's column"), where);
      if (take('=')) {
        constants_[column] = read_sql_literal(lexer_, token_);
      } else {
        dynamic.push_back(column);
      }
    } while (take(','));
    expect(')');
  }

  void add_place(size_t column, const DdlToken& where) {
    if (constants_[column] || std::find(places_.begin(), places_.end(), column) != places_.end()) {
      refuse_ddl(where.line, where.column,
                 fmt::format("column \"{}\" has two values", table_.columns[column].name));
    }
    places_.push_back(column);
  }

  void read_row() {
    const DdlToken first = token_;
    expect('(');
    std::vector<std::optional<SqlLiteral>> row = constants_;
    size_t count = 0;
    do {
      SqlLiteral literal = read_sql_literal(lexer_, token_);
      if (count < places_.size()) row[places_[count]] = std::move(literal);
      ++count;
    } while (take(','));
    expect(')');
    if (count != places_.size()) {
      refuse_ddl(first.line, first.column, fmt::format("{} values for {} columns", count, places_.size()));
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const auto type = table_.nested.find(table_.columns[i].name);
      copy_sql_literal(row[i].value_or(SqlLiteral()), table_.columns[i],
                       type == table_.nested.end() ? nullptr : &type->second, copy_);
    }
    copy_.end_row();
    row_written_(first.line);
  }

  const SeedTable& table_;
  CopyText& copy_;
  const std::function<void(size_t)>& row_written_;
  std::vector<std::optional<SqlLiteral>> constants_;  // by column
  std::vector<size_t> places_;                        // the columns of a row's values, in their order
  bool any_ = false;
};

}  // namespace

void read_seed(std::string_view text, const SeedTable& table, CopyText& copy,
               const std::function<void(size_t line)>& row_written) {
  SeedReader(text, table, copy, row_written).read();
}

}  // namespace tablegate::loader
