// Files of rows before their first row: headers, COPY's end marker, charsets,
// files that cannot be read. COPY itself is tested by functional tests.
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "cli/table/csv_options.hpp"
#include "source/csv/csv.hpp"
#include "source/csv/csv_scanner.hpp"
#include "source/csv/record_reader.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::loader::CsvOptions;
using tablegate::loader::CsvScanner;
using tablegate::loader::CsvSource;
using tablegate::loader::did_you_mean;
using tablegate::loader::is_near;
using tablegate::loader::join_header_words;
using tablegate::loader::letters_apart;
using tablegate::loader::Refused;
using tablegate::loader::RowHeader;
using tablegate::loader::SystemFailure;
using tablegate::loader::TableColumn;

using tablegate::loader::testing::same_text;

namespace {

class File {
 public:
  explicit File(const std::string& name, const std::string& bytes)
      : path_("/tmp/loader_csv_test." + std::to_string(getpid()) + "." + name) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~File() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string open_source(const std::string& path, bool header, char delimiter = ',') {
  try {
    CsvOptions options;
    options.path = path;
    if (header) options.header = RowHeader::names;
    options.delimiter = std::string(1, delimiter);
    TableColumn id;
    id.name = "user_id";
    TableColumn name;
    name.name = "user_name";
    const CsvSource source(options, {id, name});
  } catch (const Refused& refused) {
    return refused.what();
  } catch (const SystemFailure& failure) {
    return std::string("failed: ") + failure.what();
  }
  return "(accepted)";
}

void expect(const std::string& said, const std::string& part) {
  ck_assert_msg(said.find(part) != std::string::npos, "said \"%s\", wanted \"%s\"", said.c_str(),
                part.c_str());
}

bool scans(const std::string& text, size_t chunk) {
  CsvScanner scanner(',');
  for (size_t at = 0; at < text.size(); at += chunk) {
    if (!scanner.scan(std::string_view(text).substr(at, chunk))) return false;
  }
  return scanner.finish(true);
}

START_TEST(end_marker) {
  for (size_t chunk = 1; chunk < 8; ++chunk) {
    ck_assert(!scans("a\n\\.\nb\n", chunk));
    ck_assert(!scans("a\r\n\\.\r\nb\n", chunk));
    ck_assert(!scans("a\n\\.", chunk));
    ck_assert(scans("a\n\\.b\n", chunk));
    ck_assert(scans("a\n\\..\n", chunk));
    ck_assert(scans("a\n\"\\.\"\n", chunk));
    ck_assert(scans("\"a\n\\.\n\"\n", chunk));
    ck_assert(scans("x,\\.\n", chunk));
  }
  CsvScanner scanner(',');
  ck_assert(scanner.scan("a,b\n\"c\nd\",e\r\n\r\nf"));
  ck_assert_uint_eq(scanner.records(), 3);
  ck_assert_uint_eq(scanner.line(), 5);
}
END_TEST

// The line where the record begins that COPY numbers `copied`.
uint64_t line_of(const std::string& text, uint64_t copied, size_t chunk) {
  CsvScanner scanner(',');
  for (size_t at = 0; at < text.size(); at += chunk) scanner.scan(std::string_view(text).substr(at, chunk));
  scanner.finish(true);
  return scanner.line_of(copied);
}

// COPY counts nothing inside quotes before the first line has ended.
START_TEST(lines_of_copy) {
  for (size_t chunk = 1; chunk < 20; ++chunk) {
    const std::string crlf = "1,\"a\nb\nc\"\r\n2,b\r\n\r\n3,\"\n\r\n\"\r\n4,c";
    ck_assert_uint_eq(line_of(crlf, 1, chunk), 1);
    ck_assert_uint_eq(line_of(crlf, 2, chunk), 4);
    ck_assert_uint_eq(line_of(crlf, 3, chunk), 5);
    ck_assert_uint_eq(line_of(crlf, 5, chunk), 6);  // one CR inside it
    ck_assert_uint_eq(line_of(crlf, 6, chunk), 9);
    const std::string lf = "1,\"a\nb\"\n2,\"a\nb\"\n3,c\n";
    ck_assert_uint_eq(line_of(lf, 1, chunk), 1);
    ck_assert_uint_eq(line_of(lf, 3, chunk), 3);
    ck_assert_uint_eq(line_of(lf, 4, chunk), 5);
    ck_assert_uint_eq(line_of("1\r2\r3\r", 3, chunk), 3);
  }
}
END_TEST

// "2 1 has a quote ...": line and field of what is found, or "".
std::string fault_of(const std::string& text, size_t chunk) {
  CsvScanner scanner(',');
  bool good = true;
  for (size_t at = 0; good && at < text.size(); at += chunk)
    good = scanner.scan(std::string_view(text).substr(at, chunk));
  if (good && scanner.finish(true)) return {};
  return std::to_string(scanner.line()) + " " + std::to_string(scanner.fault_field()) + " " + scanner.fault();
}

// COPY would join the rows.
START_TEST(stray_quotes) {
  const std::string inside = tablegate::loader::kQuoteInside;
  const std::string behind = tablegate::loader::kTextBehindQuote;
  for (size_t chunk = 1; chunk < 30; ++chunk) {
    same_text(fault_of("1,pipe 5\",steel\n2,pipe 6\",brass\n", chunk), "1 1 " + inside);
    same_text(fault_of("1,\"a\nb\"\n2,\"a\"b,c\n", chunk), "3 1 " + behind);
    same_text(fault_of("1,b\r\n2, \"a\"\r\n", chunk), "2 1 " + inside);
    same_text(fault_of("1,\"b\" \n", chunk), "1 1 " + behind);
    same_text(fault_of("\\\"", chunk), "1 0 " + inside);
    same_text(fault_of("\\.\"", chunk), "1 0 " + inside);
    same_text(fault_of("\"\"\"\",\"a\"\"\r\n\",\"\"\n\"b\",\n,\"\"", chunk), "");
  }
}
END_TEST

// Values that are watched, as COPY reads them.
START_TEST(watched_fields) {
  const std::string text = "1,2026-01-01,x\n\"2\",\"a\"\"b,\n\",\r\n3,\n4";
  for (size_t chunk = 1; chunk <= text.size(); ++chunk) {
    CsvScanner scanner(',');
    std::string seen;
    scanner.watch({false, true}, [&seen](std::string_view value) {
      seen += "[" + std::string(value) + "]";
      return std::string();
    });
    for (size_t at = 0; at < text.size(); at += chunk)
      ck_assert(scanner.scan(std::string_view(text).substr(at, chunk)));
    ck_assert(scanner.finish(true));
    same_text(seen, "[2026-01-01][a\"b,\n][]");
    CsvScanner strict(',');
    strict.watch({true}, [](std::string_view value) { return std::string(value == "\\.b" ? "is bad" : ""); });
    ck_assert(strict.scan("a\n\\.") && !strict.scan("b\n"));
    same_text(strict.fault(), "is bad");
    ck_assert_uint_eq(strict.line(), 2);
    CsvScanner cut(',');
    cut.watch({true}, [](std::string_view) { return std::string("is bad"); });
    ck_assert(cut.scan("2026-") && cut.finish(false));
    ck_assert(!cut.finish(true));
  }
}
END_TEST

START_TEST(headers) {
  same_text(open_source(File("a.csv", "user_name,user_id\n").path(), true), "(accepted)");
  same_text(open_source(File("b.csv", "\xef\xbb\xbf\"User_ID\",user_name\r\n1,a\r\n").path(), true),
            "(accepted)");
  same_text(open_source(File("s.csv", "user_name\tuser_id\n").path(), true, '\t'), "(accepted)");
  expect(open_source(File("c.csv", "user_id,name\n").path(), true),
         "the header names \"name\", which is not a column of the table");
  expect(open_source(File("d.csv", "user_id\n").path(), true), "the header does not name \"user_name\"");
  expect(open_source(File("e.csv", "user_id,USER_ID,user_name\n").path(), true),
         "names column \"user_id\" twice");
  expect(open_source(File("f.csv", "").path(), true), "is empty, a header was expected");
  expect(open_source(File("g.csv", "\"user_id").path(), true),
         "line 1: the record that begins here does not end (an open quote?)");
  expect(open_source(File("h.csv", std::string("\xff\xfeu\0", 4)).path(), true), "the header names \"u\"");
  expect(open_source(File("m.csv", "user_id,\xff\n").path(), true), "line 1: the header is not UTF-8");
  same_text(open_source(File("i.csv", "user_id,user_name\n1,a\n").path(), false), "(accepted)");
  expect(open_source(File("l.csv", "user_id,USER_ID\n1,a\n").path(), false),
         "names column \"user_id\" twice");
  same_text(open_source(File("j.csv", "1,a\n").path(), false), "(accepted)");
  same_text(open_source(File("k.csv", "").path(), false), "(accepted)");
}
END_TEST

// A misspelt header must not become a row.
START_TEST(misspelt_headers) {
  const auto said = [](const std::string& line) {
    return open_source(File("n.csv", line + "\nx,y\n").path(), false);
  };
  expect(said("user_id,user_nmae"),
         "line 1: looks like a header, but the table has no column \"user_nmae\" (did you "
         "mean \"user_name\"?) (the table's columns: user_id, user_name)");
  expect(said("UserID,UserName"),
         "no column \"UserID\" (did you mean \"user_id\"?), \"UserName\" (did you mean");
  expect(said("a,user_id"), "no column \"a\" (the table's columns");
  expect(said("user_id,user_name,more"), "no column \"more\"");
  expect(said("user_id"), "but does not name every column once");
  expect(said("user_id;user_name"),
         "has 1 field, the table has 2 columns, and \";\" between fields would give as many");
  expect(said("a\tb"), "and \"\\t\" between fields");
  expect(open_source(File("o.csv", "user_id;name\n").path(), true), "and \";\" between fields");
  expect(open_source(File("p.csv", "user_id,nmae\n").path(), true),
         "the header names \"nmae\", which is not a column of the table");
  expect(open_source(File("q.csv", "user_id,user_nam\n").path(), true),
         "\"user_nam\" (did you mean \"user_name\"?), which is not a column");
  for (const char* row :
       {"1,user_name", "userid999,x", "a;b,c", "x,2026-01-01", "user_name2x9,b", "\xff,user_id"})
    same_text(said(row), "(accepted)");
  ck_assert(is_near("lable", "label") && is_near("cdoe", "code") && is_near("nam", "name") &&
            is_near("e", "id") == false);
  ck_assert(!is_near("cn", "ds") && !is_near("x", "n") && !is_near("", "id") && !is_near("cost", "code"));
  ck_assert_uint_eq(letters_apart("kitten", "sitting"), 3);
  ck_assert_uint_eq(letters_apart("ab", "ba"), 1);
  ck_assert_uint_eq(letters_apart("", "abc"), 3);
  ck_assert_uint_eq(letters_apart("\u7528\u6237", "\u7528\u5bb6\u6237"), 1);  // characters, not bytes
  const std::vector<std::string> names = {"Users", "orders", "Users by Age"};
  ck_text_eq(did_you_mean("usres", names), " (did you mean \"Users\"?)");
  ck_text_eq(did_you_mean("ORDERS", names), " (did you mean \"orders\"?)");
  ck_text_eq(did_you_mean("invoices", names), "");
  std::vector<std::string> words = {"table", "load", "none", "--header", "none", "--header", "x"};
  join_header_words(words);
  ck_assert(words == std::vector<std::string>({"table", "load", "none", "--header=none", "--header", "x"}));
}
END_TEST

START_TEST(files) {
  same_text(open_source("/nonexistent.csv", false),
            "failed: cannot open /nonexistent.csv: No such file or directory");
  same_text(open_source("/tmp/none-*.csv", false), "/tmp/none-*.csv: the glob matches no file");
  expect(open_source(File("plain.csv.gz", "1,a\n").path(), false), "is not a gzip file");
  const File file("x.csv.gz", "");
  gzFile out = gzopen(file.path().c_str(), "wb");
  gzputs(out, "user_id,user_name\n1,a\n");
  gzclose(out);
  same_text(open_source(file.path(), true), "(accepted)");
  std::ifstream in(file.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  expect(open_source(File("cut.csv.gz", bytes.substr(0, bytes.size() - 5)).path(), true),
         "damaged gzip file");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_csv", end_marker, lines_of_copy, stray_quotes, watched_fields, headers,
                misspelt_headers, files);
