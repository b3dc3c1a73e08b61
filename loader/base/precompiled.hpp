// What nearly every unit of the loader and of the unit tests parses, parsed once a build: the Makefile
// compiles this header and puts it in front. Files still include what they use, and are linted without it.

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
