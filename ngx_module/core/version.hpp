// The version of Tablegate: of the module and of the loader, which are built
// from one source tree.
#pragma once

namespace tablegate::core {

constexpr const char* kVersion = "0.1.0";

}  // namespace tablegate::core
