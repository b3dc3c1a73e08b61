// What to write where PostgreSQL rejects a script's statement: the parameter at the
// place of the fault with its type, quotes, operators of other databases. Its own
// message speaks of $1 and of casts alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/api_definition.hpp"
#include "script/program_paths.hpp"

namespace tablegate::loader {

// PostgreSQL's message with the advice behind it. `at`: the byte of `sql` that it is about; `values`: of the
// placeholders of `sql`.
std::string advised(const DatabaseError& error, const std::string& sql, size_t at,
                    const std::vector<PathValue>& values, const std::vector<RequestParameter>& parameters);

}  // namespace tablegate::loader
