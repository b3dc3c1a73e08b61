// gzip files: their contents, and every kind of damage that would lose rows.
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "base/line_end.hpp"
#include "base/refusal.hpp"
#include "cli/command_line.hpp"
#include "source/byte_source.hpp"
#include "source/gzip_source.hpp"

#include "loader_pieces.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::Pieces;
using tablegate::loader::testing::same_text;

namespace {

std::string packed(std::string text) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// What is read `size` bytes at a time from a file that arrives in pieces, or the error.
std::string unpacked(const std::string& file, size_t step, size_t size) {
  std::string text;
  try {
    GzipSource source(std::make_unique<Pieces>(file, step), "f.gz");
    std::string buffer(size, '\0');
    while (const size_t got = source.read(buffer.data(), size)) text.append(buffer, 0, got);
  } catch (const Refused& refused) {
    return refused.what();
  }
  return text;
}

void expect(const std::string& file, const std::string& wanted) {
  for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, file.size() + 1}) {
    for (const size_t size : {size_t{1}, size_t{3}, size_t{1} << 16})
      same_text(unpacked(file, step, size), wanted);
  }
}

// What open_bytes() gives of a file of this name, or the refusal.
std::string opened(const std::string& name, const std::string& bytes) {
  const std::string path = "/tmp/loader_gzip_test." + std::to_string(getpid()) + "." + name;
  std::ofstream(path, std::ios::binary) << bytes;
  std::string text;
  try {
    const std::unique_ptr<ByteSource> source = open_bytes(path);
    std::string buffer(7, '\0');
    while (const size_t got = source->read(buffer.data(), buffer.size())) text.append(buffer, 0, got);
  } catch (const Refused& refused) {
    text = std::string(refused.what()).substr(path.size() + 2) +
           (refused.next().kind() == Hint::Kind::none
                ? ""
                : " try: " + CommandLine({}, "tablegate").text(refused.next()));
  }
  ::unlink(path.c_str());
  return text;
}

const std::string kOne = packed("1,a\n2,b\n");
const std::string kTwo = packed("3,c\n4,d\n");

// By its first bytes, whatever its name.
START_TEST(kinds_of_files) {
  for (const char* name : {"a.csv", "a.gz", "a.csv.GZ", "a"}) same_text(opened(name, kOne), "1,a\n2,b\n");
  same_text(opened("a.csv", "1"), "1");
  same_text(opened("a.csv", ""), "");
  const auto said = [](const std::string& bytes, const std::string& part) {
    const std::string text = opened("a.csv", bytes);
    ck_assert_msg(text.find(part) != std::string::npos && text.find("which is not read") != std::string::npos,
                  "%s: %s", part.c_str(), text.c_str());
  };
  said(std::string("\xfd"
                   "7zXZ\0\0\4",
                   8),
       "is an xz file");
  said(std::string("PK\3\4\24\0\0\0", 8) + std::string(22, '\0') + "data.csv", "is a zip archive");
  said(std::string("PK\3\4\24\0\6\0", 8) + std::string(22, '\0') + "[Content_Types].xml",
       "is an xlsx workbook");
  said("PAR1\x15\x04", "is a Parquet file");
  said("\x28\xb5\x2f\xfd\x24", "is a zstd file");
  said("BZh91AY&SY\x12", "is a bzip2 file");
  said(std::string("ORC\0", 4), "is an ORC file");
  said(packed("PAR1\x15\x04"), "is a Parquet file in gzip");
  said(packed(kOne), "is gzip in gzip");
  said(packed(std::string(257, 'n') + "ustar  " + std::string(500, '\0')), "is a tar archive in gzip");
  ck_assert(opened("a.xz", std::string("\xfd"
                                       "7zXZ\0",
                                       6))
                .find("try: xz -dc /tmp/") != std::string::npos);
  for (const char* text : {"PAR1,x\n", "ORC\n", "BZh9,1\n", "PK,1\n", "PGDMP;x", "ARROW1"})
    same_text(opened("a.csv", text), text);
  ck_assert(opened("a.gz", "1,a\n").find("has the suffix .gz but is not a gzip file") != std::string::npos);
}
END_TEST

START_TEST(secrets) {
  for (const char* text : {"s", "s\n", "s\r\n"}) ck_assert(without_line_end(text) == "s");
  ck_assert(without_line_end("s\r") == "s\r" && without_line_end("s\n\n") == "s\n" &&
            without_line_end("\r\n").empty());
  ck_assert(without_line_end("") == "" && without_line_end("s\r\r\n") == "s\r" &&
            without_line_end(" s ") == " s ");
}
END_TEST

START_TEST(members) {
  expect(kOne, "1,a\n2,b\n");
  expect(kOne + kTwo, "1,a\n2,b\n3,c\n4,d\n");
  expect(packed("") + kTwo + packed(""), "3,c\n4,d\n");
  expect(kOne + std::string(700, '\0'), "1,a\n2,b\n");
  const std::string many(1 << 20, 'x');  // which compresses well
  same_text(unpacked(packed(many) + kOne, 100, 1 << 12), many + "1,a\n2,b\n");
}
END_TEST

START_TEST(damaged) {
  expect("", "f.gz: damaged gzip file (it ends too early)");
  expect("1,a\n", "f.gz: has the suffix .gz but is not a gzip file");
  for (size_t size = 1; size < kTwo.size(); ++size) {
    for (const std::string& before : {std::string(), kOne}) {
      const std::string said = unpacked(before + kTwo.substr(0, size), 1 << 16, 1 << 16);
      ck_assert_msg(said.find("f.gz: damaged gzip file (it ends too early)") != std::string::npos, "%zu: %s",
                    size, said.c_str());
    }
  }
  expect(kOne + "3,c\n4,d\n", "f.gz: damaged gzip file (incorrect header check)");
  std::string other = kTwo;
  other[0] = '\x1e';
  expect(kOne + other, "f.gz: damaged gzip file (incorrect header check)");
  expect(kOne + std::string(3, '\0') + kTwo, "f.gz: damaged gzip file (it has bytes after its end)");
  other = kTwo;
  other[other.size() - 8] ^= 1;
  expect(kOne + other, "f.gz: damaged gzip file (incorrect data check)");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_gzip", kinds_of_files, secrets, members, damaged);
