#include "base/near_file.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/near_name.hpp"

namespace tablegate::loader {

NearFile near_file(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr size_t kCompared = 10000;
  std::error_code failed;
  if (fs::exists(fs::symlink_status(path, failed))) return {"", Hint::program("ls -l " + shell_word(path))};
  const fs::path typed(path);
  const fs::path folder = typed.has_parent_path() ? typed.parent_path() : fs::path(".");
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end && names.size() < kCompared;
       at.increment(failed))
    names.push_back(at->path().filename().string());
  const std::string near = nearest_name(typed.filename().string(), names);
  if (near.empty()) return {"", Hint::program("ls -l " + shell_word(folder.string()))};
  const std::string meant = path.substr(0, path.size() - typed.filename().string().size()) + near;
  return {fmt::format(" (did you mean \"{}\"?)", near), Hint::again().replace(path, meant)};
}

}  // namespace tablegate::loader
