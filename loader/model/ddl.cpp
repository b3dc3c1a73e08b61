#include "model/ddl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "model/ddl_clauses.hpp"
#include "model/ddl_lexer.hpp"
#include "model/ddl_type.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxName = 63;       // bytes of a PostgreSQL identifier (NAMEDATALEN - 1)
constexpr size_t kMaxColumns = 1600;  // of a PostgreSQL table (MaxHeapAttributeNumber)
constexpr size_t kMaxDdl = 1U << 20U;
constexpr size_t kMaxPartitionLevels = 6;

// Whole numbers, texts and days: what MaxCompute allows.
bool can_partition(core::ColumnType type) {
  switch (type) {
    case core::ColumnType::int2:
    case core::ColumnType::int4:
    case core::ColumnType::int8:
    case core::ColumnType::text:
    case core::ColumnType::date:
      return true;
    default:
      return false;
  }
}

class DdlParser : private DdlClauseReader {
 public:
  explicit DdlParser(std::string_view text) : DdlClauseReader(text) {}

  TableDdl parse() {
    parse_head();
    parse_name();
    while (parse_comment() || skip_clause()) {
    }
    if (at("LIKE")) refuse("CREATE TABLE LIKE is not supported yet: write the columns");
    if (at("AS")) refuse("CREATE TABLE AS SELECT is not supported yet: write the columns");
    expect('(');
    do {
      parse_item();
    } while (take(','));
    expect(')');
    parse_options();
    finish();
    return std::move(ddl_);
  }
  const std::map<std::string, DdlType>& nested() const { return nested_; }

 private:
  std::string name(std::string_view what) {
    if (!at_name()) refuse_found(fmt::format("{} expected", what));
    std::string text = core::to_lower(token_.text);
    if (text.empty()) refuse(fmt::format("{} is empty", what));
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        refuse(fmt::format("{} holds a control character", what));
      }
    }
    step();
    return text;
  }

  void parse_head() {
    expect("CREATE");
    if (take("OR")) expect("REPLACE");
    if (at("TEMPORARY")) refuse("TEMPORARY tables are not supported");
    if (at("EXTERNAL")) refuse("EXTERNAL tables are not supported yet");
    if (at("VIEW") || at("MATERIALIZED")) refuse("only CREATE TABLE can be read");
    expect("TABLE");
    if (take("IF")) {
      expect("NOT");
      expect("EXISTS");
    }
  }

  // [project.[schema.]]name
  void parse_name() {
    ddl_.table = name("the table's name");
    for (int parts = 1; take('.'); ++parts) {
      if (parts == 3) refuse("a table's name has at most three parts: project.schema.name");
      ddl_.table = name("the table's name");
    }
  }

  void parse_item() {
    const bool constraint = at("CONSTRAINT");
    if (constraint || at("PRIMARY")) {
      // "primary" may also be a column; a type follows it then.
      const DdlToken first = token_;
      step();
      if (constraint && token_.kind != DdlToken::Kind::symbol) {
        const DdlToken second = token_;
        step();
        if (at("PRIMARY")) {
          step();
          return parse_table_key();
        }
        refuse_ddl(second.line, second.column, "after CONSTRAINT only a name and PRIMARY KEY are allowed");
      }
      if (at("KEY")) return parse_table_key();
      return parse_column(core::to_lower(first.text), first);
    }
    if (at_end()) refuse("a column expected, the text ends");
    const DdlToken first = token_;
    parse_column(name("a column's name"), first);
  }

  void parse_table_key() {
    const DdlToken where = token_;
    expect("KEY");
    expect('(');
    std::vector<std::string> key;
    do {
      key.push_back(name("a column of the primary key"));
    } while (take(','));
    expect(')');
    while (at("NOT") || at("ENFORCED") || at("DISABLE") || at("NOVALIDATE") || at("RELY")) step();
    set_key(std::move(key), where);
  }

  void set_key(std::vector<std::string> key, const DdlToken& where) {
    if (!ddl_.primary_key.empty()) refuse_ddl(where.line, where.column, "a second PRIMARY KEY");
    ddl_.primary_key = std::move(key);
    key_place_ = where;
  }

  void check_column_name(const std::string& column, const DdlToken& where) const {
    const auto refuse_here = [&where](const std::string& reason) {
      refuse_ddl(where.line, where.column, reason);
    };
    if (column.size() > kMaxName) {
      refuse_here(
          fmt::format("column \"{}\" has {} bytes, at most {} are allowed", column, column.size(), kMaxName));
    }
    if (is_system_column(column)) {
      refuse_here(fmt::format("column \"{}\" has a name that PostgreSQL keeps for itself", column));
    }
    for (const TableColumn& other : ddl_.columns) {
      if (other.name == column) refuse_here(fmt::format("column \"{}\" is repeated", column));
    }
    if (ddl_.columns.size() == kMaxColumns) refuse_here(fmt::format("more than {} columns", kMaxColumns));
  }

  void parse_column(const std::string& column_name, const DdlToken& where, bool partition = false) {
    check_column_name(column_name, where);
    TableColumn column;
    column.name = column_name;
    const DdlToken type = token_;
    parse_type(column);
    if (partition && !can_partition(column.type)) {
      refuse_ddl(type.line, type.column,
                 fmt::format("column \"{}\": no partition can be of type {}", column_name, type.text));
    }
    for (;;) {
      if (take("NOT")) {
        expect("NULL");
        column.not_null = true;
      } else if (take("NULL")) {
        column.not_null = false;
      } else if (take("DEFAULT")) {
        skip_default(column_name);
      } else if (at("PRIMARY")) {
        const DdlToken key = token_;
        step();
        expect("KEY");
        set_key({column_name}, key);
      } else if (take("COMMENT")) {
        column.comment = string_literal("a comment's text");
      } else {
        break;
      }
    }
    if (!token_.is_symbol(',') && !token_.is_symbol(')')) {
      refuse(fmt::format("column \"{}\": \",\" or \")\" expected, {}", column_name, found()));
    }
    ddl_.columns.push_back(std::move(column));
  }

  void parse_type(TableColumn& column) {
    const DdlToken where = token_;
    DdlType type = read_ddl_type(lexer_, token_, fmt::format("column \"{}\"", column.name));
    const std::string reason = map_ddl_type(type, column);
    if (!reason.empty())
      refuse_ddl(where.line, where.column, fmt::format("column \"{}\": {}", column.name, reason));
    if (!type.children.empty()) nested_[column.name] = std::move(type);
  }

  // A default only counts for MaxCompute's own INSERT: a load always brings every column. Read and left out.
  void skip_default(const std::string& column) {
    int depth = 0;
    bool any = false;
    for (;;) {
      const bool stop = token_.is_symbol(',') || token_.is_symbol(')') || at("COMMENT") || at("PRIMARY") ||
                        at("NOT") || (any && at("NULL"));
      if (at_end() || token_.is_symbol(';') || (depth == 0 && stop)) break;
      if (token_.is_symbol('(')) ++depth;
      if (token_.is_symbol(')')) --depth;
      any = true;
      step();
    }
    if (!any || depth != 0)
      refuse(fmt::format("column \"{}\": a constant after DEFAULT expected, {}", column, found()));
  }

  bool parse_comment() {
    if (!take("COMMENT")) return false;
    ddl_.comment = string_literal("a comment's text");
    return true;
  }

  void parse_options() {
    while (!at_end() && !token_.is_symbol(';')) {
      if (parse_comment() || skip_clause()) {
        continue;
      } else if (ddl_.partition_columns.empty() && take("PARTITIONED")) {
        parse_partitions();
      } else if (at("RANGE") || at("CLUSTERED")) {
        skip_clustering();
      } else {
        refuse_option();
      }
    }
  }

  // [RANGE] CLUSTERED BY (a [ASC|DESC], ...) [SORTED BY (...)] [INTO 4 BUCKETS], of which skip_clause() reads
  // the last: how MaxCompute lays out its files. Read and left out: a mirror has the indexes that its Table
  // names.
  void skip_clustering() {
    take("RANGE");
    expect("CLUSTERED");
    skip_ordered_columns();
    if (take("SORTED")) skip_ordered_columns();
  }

  void skip_ordered_columns() {
    expect("BY");
    expect('(');
    do {
      const DdlToken where = token_;
      const std::string column = name("a column");
      const bool known = std::any_of(ddl_.columns.begin(), ddl_.columns.end(),
                                     [&column](const TableColumn& other) { return other.name == column; });
      if (!known) {
        refuse_ddl(where.line, where.column,
                   fmt::format("CLUSTERED BY names \"{}\", which is not a column", column));
      }
      if (!take("ASC")) take("DESC");
    } while (take(','));
    expect(')');
  }

  [[noreturn]] void refuse_option() {
    for (const std::string_view word : {"AUTO", "LOCATION", "USING"}) {
      if (at(word))
        refuse(fmt::format("{} is not supported yet: leave it out, a mirror needs no such clause", word));
    }
    if (at("AS") || at("LIKE")) refuse(fmt::format("{} after the columns is not supported yet", token_.text));
    refuse(fmt::format("COMMENT, PARTITIONED BY, LIFECYCLE, TBLPROPERTIES or \";\" expected, {}", found()));
  }

  // PARTITIONED BY (ds STRING COMMENT 'day', ...): ordinary columns, after all others.
  void parse_partitions() {
    expect("BY");
    expect('(');
    do {
      if (ddl_.partition_columns.size() == kMaxPartitionLevels)
        refuse(fmt::format("more than {} partition columns", kMaxPartitionLevels));
      const DdlToken where = token_;
      parse_column(name("a partition column's name"), where, true);
      ddl_.partition_columns.push_back(ddl_.columns.back().name);
    } while (take(','));
    expect(')');
  }

  void finish() {
    if (take(';')) take('.');  // the tutorial's prose ends its statement with ";."
    if (!at_end()) refuse(fmt::format("one statement expected, {} after it", found()));
    for (size_t i = 0; i < ddl_.primary_key.size(); ++i) {
      const std::string& key = ddl_.primary_key[i];
      const auto column =
          std::find_if(ddl_.columns.begin(), ddl_.columns.end(),
                       [&key](const TableColumn& candidate) { return candidate.name == key; });
      if (column == ddl_.columns.end()) {
        refuse_ddl(key_place_.line, key_place_.column,
                   fmt::format("PRIMARY KEY names \"{}\", which is not a column", key));
      }
      if (std::find(ddl_.primary_key.begin(), ddl_.primary_key.begin() + static_cast<std::ptrdiff_t>(i),
                    key) != ddl_.primary_key.begin() + static_cast<std::ptrdiff_t>(i)) {
        refuse_ddl(key_place_.line, key_place_.column, fmt::format("PRIMARY KEY names \"{}\" twice", key));
      }
      column->not_null = true;
    }
  }

  DdlToken key_place_;
  TableDdl ddl_;
  std::map<std::string, DdlType> nested_;
};

}  // namespace

bool is_system_column(std::string_view name) {
  constexpr std::string_view kNames[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string shown_type(const TableColumn& column) {
  return column.sql_type.empty() ? std::string(core::column_type_name(column.type)) : column.sql_type;
}

std::vector<std::string> column_names(const std::vector<TableColumn>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const TableColumn& column : columns) names.push_back(column.name);
  return names;
}

TableDdl parse_ddl(std::string_view ddl) {
  if (ddl.size() > kMaxDdl) throw Refused(fmt::format("ddl: longer than {} bytes", kMaxDdl));
  return DdlParser(ddl).parse();
}

std::map<std::string, DdlType> parse_nested_types(std::string_view ddl) {
  DdlParser parser(ddl);
  parser.parse();
  return parser.nested();
}

}  // namespace tablegate::loader
