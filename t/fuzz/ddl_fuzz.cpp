// parse_ddl() with any bytes: columns of types that PostgreSQL has, or Refused.
#include <cstdint>

#include "base/refusal.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"
#include "model/ddl.hpp"

using namespace tablegate;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const loader::TableDdl ddl = loader::parse_ddl(text);
    INVARIANT(core::valid_text(text));
    INVARIANT(!ddl.table.empty() && !ddl.columns.empty());
    for (const loader::TableColumn& column : ddl.columns) {
      INVARIANT(!column.name.empty() && column.name.size() <= 63 && core::valid_text(column.name));
      INVARIANT(!column.sql_type.empty());
      INVARIANT(column.sql_type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789(), ") ==
                std::string::npos);
    }
    for (const std::string& name : ddl.primary_key) {
      bool found = false;
      for (const loader::TableColumn& column : ddl.columns) found = found || column.name == name;
      INVARIANT(found);
    }
  } catch (const loader::Refused& refused) {
    INVARIANT(refused.what()[0] != '\0');
  }
  return 0;
}
