// Definitions as people write them: one object each, in JSON or YAML, from files,
// folders or standard input. Read here; checked in definition_schema.hpp and
// definition_rules.hpp; saved by apply.hpp. What is wrong is collected, never
// thrown at the first: one apply reports everything.
#pragma once

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hint.hpp"
#include "base/json_text.hpp"

namespace tablegate::loader {

// In the order in which one refers to the other.
enum class Kind { domain, gateway_instance, rest_api, data_source, business_process, table, api, consumer };

struct KindInfo {
  Kind kind;
  std::string_view name;         // "RestApi", as definitions say it
  std::string_view schema_file;  // of schema/definitions
  std::string_view label;        // "REST API", in messages
  std::string_view short_word;   // "gateway", which people type too; may be empty
};
const std::array<KindInfo, 8>& kinds();
const KindInfo& kind_info(Kind kind);
// Exactly as definitions say it.
std::optional<Kind> parse_kind(std::string_view name);
// As people type it: any case, singular or plural, with or without '-' and '_'. Throws WrongUsage.
Kind read_kind(std::string_view word);
// "unknown kind ..." with the nearest kind, or all of them.
std::string unknown_kind(std::string_view word);
// Such a word in lower case and the singular, without '-' and '_': "business-processes" is "businessprocess".
std::string kind_word(std::string_view word);

// Where in which file, as refusals name it.
struct Place {
  std::string file;
  std::string pointer;            // JSON pointer of the definition, "" for the whole file
  std::optional<Kind> kind = {};  // of the definition, as far as it is known
  TextPosition at = {};           // of a fault of the text itself
};

class Problems {
 public:
  void add(const Place& place, const std::string& reason) { add(place, "", reason); }
  // `below`: a pointer in the definition.
  // `next`: what to do about it, in place of `tablegate explain` of the field.
  void add(const Place& place, const std::string& below, const std::string& reason, const Hint& next = {}) {
    problems_.push_back({place, below, reason, next});
  }
  // Problems of this file get a line and a column. `before`: what comes before their pointers in
  // `positions`.
  void locate(const std::string& file, std::shared_ptr<const TextPositions> positions,
              const std::string& before);
  // "FILE:LINE:COLUMN /0/path", as far as it is known. `below`: a pointer in the definition.
  std::string where(const Place& place, const std::string& below = {}) const;
  // As add(), of a text or an object that could not be read: what it defines is not known.
  void add_unread(const Place& place, const std::string& below, const std::string& reason) {
    add(place, below, reason);
    unread_ = true;
  }
  bool unread() const { return unread_; }
  bool empty() const { return problems_.empty(); }
  size_t size() const { return problems_.size(); }
  // "FILE /0/path: reason" each, with the line where it is known, in the order of the files and of the
  // objects in them.
  std::vector<std::string> lines() const;
  // Refused with all of them, when there are any. Without `next`, that of the first one is proposed, or
  // `tablegate explain` of its field.
  void raise(const Hint& next = {}) const;

 private:
  struct Problem {
    Place place;
    std::string below;
    std::string reason;
    Hint next;
  };
  struct Located {
    std::shared_ptr<const TextPositions> positions;
    std::string before;
  };
  // In the order of the files and of the objects in them.
  std::vector<Problem> sorted() const;

  std::vector<Problem> problems_;
  bool unread_ = false;
  std::map<std::string, Located> located_;  // by file
};

struct Definition {
  Kind kind = Kind::api;
  std::string name;
  std::string version;  // of a RestApi with a versioning scheme; name and version identify it
  Place place;
  JsonDocument document;
  std::string sql_file;  // where a script's text was read from, as it was written; empty: from `document`
  bool broken = false;   // refused already: nothing more is said about what depends on it
};

// Reads every object of the arguments ("-": standard input; folders recurse over their definition files, in
// order of their names). Objects whose kind or name is not known are problems. Throws SystemFailure when a
// file cannot be read.
std::vector<Definition> read_definitions(const std::vector<std::string>& sources, Problems& problems);

// *.json, *.yaml, *.yml: what is read of a folder. Other files may be given by name: JSON if the first
// character that is no blank is { or [, else YAML.
bool is_definition_file(const std::string& path);
inline constexpr const char* kDefinitionFiles = "*.json, *.yaml or *.yml";

// The bytes of a file, or of standard input for "-"; throws SystemFailure. More than `limit` bytes are
// refused.
std::string read_file(const std::string& path, size_t limit);
// The same of an open file. `path`: for messages.
std::string read_open_file(std::FILE* file, const std::string& path, size_t limit);
// As read_file() of a text in UTF-8, without the byte order mark that some editors write at its beginning.
std::string read_text_file(const std::string& path, size_t limit);
// The text without that mark.
std::string without_mark(std::string text);

}  // namespace tablegate::loader
