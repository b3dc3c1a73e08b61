// What nearly every unit of the loader and of the unit tests includes, compiled
// once per build: the Makefile precompiles this header and includes it first.
// Files still include what they use, and are linted without it.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
