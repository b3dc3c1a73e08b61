// Files of rows before their first row: headers, COPY's end marker, charsets,
// files that cannot be read. What COPY does is tested functionally.
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "catalog/refusal.hpp"
#include "source/byte_source.hpp"
#include "source/csv.hpp"
#include "source/csv_scanner.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::loader::CsvOptions;
using tablegate::loader::CsvScanner;
using tablegate::loader::CsvSource;
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
  CsvScanner scanner;
  for (size_t at = 0; at < text.size(); at += chunk) {
    if (!scanner.scan(std::string_view(text).substr(at, chunk))) return false;
  }
  return scanner.finish();
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
  CsvScanner scanner;
  ck_assert(scanner.scan("a,b\n\"c\nd\",e\r\n\r\nf"));
  ck_assert_uint_eq(scanner.records(), 3);
  ck_assert_uint_eq(scanner.lines(), 4);
}
END_TEST

START_TEST(headers) {
  same_text(open_source(File("a.csv", "user_name,user_id\n").path(), true), "(accepted)");
  same_text(open_source(File("b.csv", "\xef\xbb\xbf\"User_ID\",user_name\r\n1,a\r\n").path(), true),
            "(accepted)");
  same_text(open_source(File("s.csv", "user_name\tuser_id\n").path(), true, '\t'), "(accepted)");
  expect(open_source(File("c.csv", "user_id,name\n").path(), true),
         "the header names \"name\", the table has no such column");
  expect(open_source(File("d.csv", "user_id\n").path(), true), "the header lacks \"user_name\"");
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

using tablegate::loader::ByteSource;
using tablegate::loader::open_bytes;

START_TEST(files) {
  same_text(open_source("/nonexistent.csv", false),
            "failed: cannot open /nonexistent.csv: No such file or directory");
  same_text(open_source("/tmp/none-*.csv", false), "/tmp/none-*.csv: the glob matches no file");
  expect(open_source(File("plain.csv.gz", "1,a\n").path(), false), "is no gzip file");
  const File file("x.csv.gz", "");
  gzFile out = gzopen(file.path().c_str(), "wb");
  gzputs(out, "user_id,user_name\n1,a\n");
  gzclose(out);
  same_text(open_source(file.path(), true), "(accepted)");
  std::ifstream in(file.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  // Whole members follow each other, and zeros; all else behind one is refused: rows would be missing.
  const std::string zeros(600, '\0');
  for (const std::string& good : {bytes + bytes, bytes + zeros, bytes + bytes + zeros}) {
    const File two("two.csv.gz", good);
    const std::unique_ptr<ByteSource> source = open_bytes(two.path());
    std::string all;
    char buffer[7];
    while (const size_t got = source->read(buffer, sizeof(buffer))) all.append(buffer, got);
    const bool twice = good.size() > bytes.size() + zeros.size() || good == bytes + bytes;
    same_text(all, twice ? "user_id,user_name\n1,a\nuser_id,user_name\n1,a\n" : "user_id,user_name\n1,a\n");
    ck_assert_uint_eq(source->consumed(), good.size());
  }
  const auto read_all = [](const std::string& damaged) -> std::string {
    const File bad("bad.csv.gz", damaged);
    try {
      const std::unique_ptr<ByteSource> source = open_bytes(bad.path());
      char buffer[64];
      while (source->read(buffer, sizeof(buffer)) > 0) {
      }
    } catch (const Refused& refused) {
      return refused.what();
    }
    return "(read)";
  };
  std::string other_magic = bytes + bytes;
  other_magic[bytes.size()] ^= 1;
  expect(read_all(bytes + "2,b\n"), "damaged gzip file (incorrect header check behind a whole member)");
  expect(read_all(other_magic), "damaged gzip file (incorrect header check behind a whole member)");
  expect(read_all(bytes + zeros + bytes), "damaged gzip file (bytes behind the padding of its end)");
  expect(read_all(""), "damaged gzip file (it is empty)");
  for (size_t size = 1; size < bytes.size(); ++size) {
    expect(read_all(bytes.substr(0, size)), "damaged gzip file (unexpected end of file)");
    expect(read_all(bytes + bytes.substr(0, size)), "damaged gzip file (unexpected end of file)");
  }
}
END_TEST

}  // namespace

int main() {
  return tablegate::loader::testing::run_tests("loader csv", {end_marker, headers, files});
}
