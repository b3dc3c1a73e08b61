// What is said of a wrong command line: CLI11's texts in the words of all other
// messages. "Exactly 1 option from [--api,--rest-api] is required" becomes "one of
// --api and --rest-api is required". Apart from program.cpp, so that tests reach it
// without the library.
#pragma once

#include <string>

namespace tablegate::loader {

std::string plain_usage(const std::string& text);

}  // namespace tablegate::loader
