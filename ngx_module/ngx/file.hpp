// Small files read by nginx's master at start and reload. Never called in a worker.
#pragma once

#include <string>

#include "core/result.hpp"

namespace tablegate::ngx {

// The whole file. The error reads on from the file's name: "cannot be read: Permission denied".
core::Result<std::string> read_file(const std::string& name);

}  // namespace tablegate::ngx
