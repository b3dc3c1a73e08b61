// read_seed() with any bytes: rows of COPY text with a field for each column,
// or Refused with a place. The table's columns are a few of all types that a
// literal can have, chosen by the first byte.
#include <algorithm>
#include <cstdint>

#include "base/refusal.hpp"
#include "fuzzing.hpp"
#include "source/seed/seed.hpp"

using namespace tablegate;

namespace {

constexpr const char* kTypes[] = {"TINYINT",
                                  "BIGINT",
                                  "DECIMAL(10,2)",
                                  "DOUBLE",
                                  "FLOAT",
                                  "BOOLEAN",
                                  "STRING",
                                  "BINARY",
                                  "DATE",
                                  "DATETIME",
                                  "TIMESTAMP",
                                  "TIMESTAMP_NTZ",
                                  "JSON",
                                  "ARRAY<BIGINT>",
                                  "MAP<STRING,ARRAY<INT>>",
                                  "STRUCT<a:INT,b:STRING>"};
constexpr size_t kColumns = 3;

loader::SeedTable table_of(size_t first) {
  std::string ddl = "CREATE TABLE t (";
  for (size_t i = 0; i < kColumns; ++i)
    ddl += std::string(i == 0 ? "c" : ", c") + std::to_string(i) + " " +
           kTypes[(first + i * 5) % std::size(kTypes)];
  return {{"t", "mirrored"}, loader::parse_ddl(ddl + ")").columns};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const loader::SeedTable table = table_of(data[0]);
  loader::CopyText copy;
  size_t rows = 0;
  size_t last_line = 0;
  try {
    loader::read_seed({reinterpret_cast<const char*>(data) + 1, size - 1}, table, copy, [&](size_t line) {
      INVARIANT(line >= last_line && line >= 1);
      last_line = line;
      ++rows;
    });
  } catch (const loader::Refused& refused) {
    INVARIANT(std::string_view(refused.what()).substr(0, 3) == "ddl");
    return 0;
  }
  const std::string text = copy.take();
  INVARIANT(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) == rows);
  INVARIANT(static_cast<size_t>(std::count(text.begin(), text.end(), '\t')) == rows * (kColumns - 1));
  INVARIANT(text.find('\0') == std::string::npos);
  return 0;
}
