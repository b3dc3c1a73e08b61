#include "model/definition_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"

namespace tablegate::loader {

std::filesystem::path beside_definition(const Definition& definition, const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute() || definition.place.file == "standard input") return path;
  return std::filesystem::path(definition.place.file).parent_path() / path;
}

std::string bad_file_below(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty()) return "is empty";
  if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
    return "must be a path below the folder of the definition, without \"..\"";
  return {};
}

std::string fold_file(Definition& definition, const char* from, const char* into, size_t limit) {
  const std::string name(json_member(definition.document, from));
  try {
    const std::string text = read_text_file(beside_definition(definition, name).string(), limit);
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
