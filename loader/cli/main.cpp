// The program `tablegate`. All it does is in program.cpp, which is a part of the library: this file is
// compiled apart, because the unit tests have a main() of their own.
#include <cstdio>
#include <exception>

#include "cli/program.hpp"

int main(int count, char** arguments) {
  // Where both streams go to one file (2>&1), their lines keep the order in which they were printed.
  (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    return tablegate::loader::run_program(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tablegate: %s\n", error.what());
    return 3;
  }
}
