// The loader's version: `tablegate --version`, and what nodes report.
#pragma once

namespace tablegate::loader {

constexpr const char* kVersion = "0.1.0";

}  // namespace tablegate::loader
