// How fast MaxCompute's record stream becomes rows of COPY, alone: a file that
// holds the stream of FILE's ROWS records, decoded from memory in pieces as they
// come from a socket. Usage: decoder FILE ROWS TYPE (struct<a:bigint,...>)
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "source/copy_text.hpp"
#include "source/maxcompute/maxcompute_record.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

using namespace tablegate::loader;

int main(int count, char** arguments) {
  if (count != 4) return 2;
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const uint64_t rows = std::strtoull(arguments[2], nullptr, 10);
  MaxComputeType type;
  if (!maxcompute_type(parse_type_text(arguments[3], "column"), type).empty()) return 2;
  constexpr size_t kPiece = size_t{1} << 14;
  constexpr size_t kChunk = size_t{1} << 18;
  CopyText copy;
  uint64_t written = 0;
  const auto begin = std::chrono::steady_clock::now();
  RecordDecoder decoder(type.children, rows, [&](const Record& record) {
    for (size_t i = 0; i < record.size(); ++i) copy_value(type.children[i], record[i], copy);
    copy.end_row();
    if (copy.size() >= kChunk) written += copy.take().size();
  });
  for (size_t at = 0; at < bytes.size(); at += kPiece)
    decoder.feed(std::string_view(bytes).substr(at, kPiece));
  decoder.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%.0f\n", static_cast<double>(decoder.records()) / seconds);
  return written > 0 || rows < 10000 ? 0 : 1;
}
