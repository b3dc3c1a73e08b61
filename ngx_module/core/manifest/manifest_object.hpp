// Reads the members of one JSON object of the manifest, strictly: a missing
// member, another type, a value out of range and an unknown member are
// problems. Only the first problem is kept; reading continues with empty values.
// Internal to manifest_reader.cpp and the readers that it calls.
#pragma once

#include <jansson.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace tablegate::core {

struct JsonFree {
  void operator()(json_t* json) const { json_decref(json); }
};
using JsonPtr = std::unique_ptr<json_t, JsonFree>;

class ObjectReader {
 public:
  // `json` and `problem` outlive the reader; `pointer` is the object's own JSON pointer.
  ObjectReader(const json_t* json, std::string pointer, std::optional<Error>& problem);

  bool has(const char* name) const;
  std::string string(const char* name);
  // As string(), and wipes the text in the tree.
  Secret secret(const char* name);
  bool boolean(const char* name);
  int64_t integer(const char* name, int64_t least, int64_t most);
  std::vector<std::string> strings(const char* name);
  std::vector<int64_t> integers(const char* name);
  // The member as it is, for a reader of its own; null when it is missing.
  const json_t* raw(const char* name) { return get(name); }
  void object(const char* name, const std::function<void(ObjectReader&)>& read);
  void objects(const char* name, const std::function<void(ObjectReader&)>& read);
  // A list of strings and objects, in any order.
  void strings_or_objects(const char* name, const std::function<void(std::string)>& text,
                          const std::function<void(ObjectReader&)>& read);

  // One of the words given, as its value.
  template <class T>
  T word(const char* name, std::initializer_list<std::pair<const char*, T>> words) {
    const std::string text = string(name);
    for (const auto& [word, value] : words) {
      if (text == word) return value;
    }
    fail(name, "has a value that is not known");
    return words.begin()->second;
  }

  void fail(const char* name, const std::string& message);
  // A problem that another reader found; its `where` is a whole pointer.
  void fail(Error problem);
  // The object's own JSON pointer.
  const std::string& pointer() const { return pointer_; }
  // Call last: members that were not read are a problem.
  void done();

 private:
  const json_t* get(const char* name);
  const json_t* array(const char* name);
  void read_element(const json_t* element, std::string pointer,
                    const std::function<void(ObjectReader&)>& read);

  const json_t* json_;
  std::string pointer_;
  std::optional<Error>& problem_;
  std::vector<std::string> read_;
};

}  // namespace tablegate::core
