// How much the search for the paths of a program may cost. Steps are counted, not
// time: so the same program always has the same paths. For program_paths.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tablegate::loader {

struct PathWork {
  uint64_t most_steps = 0;  // about a tenth of a microsecond each
  uint64_t most_text = 0;   // bytes of SQL of all paths: who asks for them reads it
  bool combines = true;     // whether it is looked for what follows from several conditions together
  uint64_t steps = 0;
  uint64_t text = 0;

  bool spent() const { return steps > most_steps || text > most_text; }
};

}  // namespace tablegate::loader
