// When a source's rows were as a load brings them: MaxCompute's LastModifiedTime,
// a file's, the moment of a snapshot. Whole seconds are enough.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tablegate::loader {

using SourceTime = std::chrono::system_clock::time_point;

SourceTime source_time_of(int64_t seconds);     // since 1970
int64_t source_seconds(SourceTime time);        // since 1970, rounded down
std::string source_time_text(SourceTime time);  // "2026-01-31T08:00:00Z"

// When the file was changed last; nullopt: it is no regular file.
std::optional<SourceTime> file_time(const std::string& path);

}  // namespace tablegate::loader
