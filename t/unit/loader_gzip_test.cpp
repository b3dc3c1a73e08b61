// gzip files: their contents, and every kind of damage that would lose rows.
#include <zlib.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/refusal.hpp"
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

const std::string kOne = packed("1,a\n2,b\n");
const std::string kTwo = packed("3,c\n4,d\n");

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

TABLEGATE_SUITE("loader_gzip", members, damaged);
