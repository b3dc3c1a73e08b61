// The messages that a client sends in PostgreSQL's extended query protocol
// (PostgreSQL manual, "Message Formats", protocol 3.0), appended to a string.
// Parameters and results are texts. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tablegate::pg {

// Parse. `name` empty: the unnamed statement. PostgreSQL infers the types of parameters that `types` does not
// name.
void write_parse(std::string& out, const std::string& name, const char* sql,
                 const std::vector<uint32_t>& types);
// Bind, Describe and Execute: all rows. Null values are SQL NULL, the others end with a NUL.
void write_run(std::string& out, const std::string& name, const char* const* values, std::size_t count);
void write_sync(std::string& out);

}  // namespace tablegate::pg
