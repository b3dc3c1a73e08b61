#include "model/definition_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/descriptor.hpp"
#include "base/file_root.hpp"
#include "base/near_file.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {

std::filesystem::path beside_definition(const Definition& definition, const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute() || definition.place.file == "standard input") return path;
  return std::filesystem::path(definition.place.file).parent_path() / path;
}

namespace {

constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string bad_file_below(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty()) return "is empty";
  if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
    return "must be a path below the folder of the definition, without \"..\"";
  return {};
}

int open_below(const std::filesystem::path& path, const std::string& name) {
  // Of "a/b/c.sql", which is named "b/c.sql": the folder "a/".
  std::string folder = path.string();
  folder.resize(folder.size() - name.size());
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return opened.number() < 0 ? -1 : FileRoot::open_beneath(opened.number(), name, kReading);
}

std::string read_named_file(const std::filesystem::path& path, const std::string& name, size_t limit,
                            FilePlace place) {
  const int opened = place == FilePlace::below ? open_below(path, name) : ::open(path.c_str(), kReading);
  if (opened < 0) {
    const int reason = errno;
    if (reason == EXDEV)
      throw Refused(path.string() + " leads out of the folder of the definition by a symbolic link");
    const NearFile near = near_file(path.string());
    throw SystemFailure(fmt::format("cannot open {}: {}{}", path.string(), std::strerror(reason), near.words),
                        near.next);
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      ::fdopen(opened, "rb"), [](std::FILE* open) { return std::fclose(open); });
  struct stat about {};
  if (file == nullptr || ::fstat(opened, &about) != 0)
    throw SystemFailure(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)),
                        Hint::program("ls -l " + shell_word(path.string())));
  if (!S_ISREG(about.st_mode))
    throw Refused(path.string() +
                  (S_ISDIR(about.st_mode) ? " is a folder, not a file" : " is not a regular file"));
  return read_open_file(file.get(), path.string(), limit);
}

}  // namespace

std::string fold_file(Definition& definition, const char* from, const char* into, size_t limit,
                      FilePlace place) {
  const std::string name(json_member(definition.document, from));
  if (place == FilePlace::below) {
    if (std::string reason = bad_file_below(name); !reason.empty()) return reason;
  }
  try {
    const std::string text =
        without_mark(read_named_file(beside_definition(definition, name), name, limit, place));
    definition.document.RemoveMember(from);
    set_text(definition, into, text);
  } catch (const SystemFailure& failure) {  // as every file that cannot be read
    throw SystemFailure(fmt::format("{} {}/{}: {}; nothing was saved", definition.place.file,
                                    definition.place.pointer, from, failure.what()),
                        failure.next());
  } catch (const Refused& refused) {
    return refused.what();
  }
  return {};
}

void set_text(Definition& definition, const char* name, const std::string& text) {
  JsonDocument& document = definition.document;
  JsonValue value(text.c_str(), static_cast<rapidjson::SizeType>(text.size()), document.GetAllocator());
  document.AddMember(rapidjson::StringRef(name), value, document.GetAllocator());
}

}  // namespace tablegate::loader
