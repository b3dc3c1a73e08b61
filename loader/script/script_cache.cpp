#include "script/script_cache.hpp"

#include <utility>

namespace tablegate::loader {
namespace {

// What a script takes at least, however short its text is.
constexpr size_t kLeastScript = 1024;

// Other texts for other inputs: each text is written with its size.
class InputKey {
 public:
  explicit InputKey(const ScriptInput& input) {
    add(input.text);
    add(input.paginates);
    for (const RequestParameter& one : input.parameters) {
      add(one.name);
      add(one.type);
      add(one.place);
      add(one.list);
      add(one.required);
      add(static_cast<size_t>(one.comparison));
      add(one.default_value.has_value());
      if (one.default_value) add(*one.default_value);
    }
  }

  std::string take() { return std::move(key_); }

 private:
  void add(size_t number) { key_ += std::to_string(number) + ' '; }
  void add(const std::string& text) {
    add(text.size());
    key_ += text;
  }
  void add(const DefaultOrSample& value) {
    add(value.text);
    add(value.plain);
    add(value.array);
    add(value.array_items.size());
    for (const std::string& item : value.array_items) add(item);
  }

  std::string key_;
};

}  // namespace

const ReadScript& ScriptCache::find(const ScriptInput& input, const std::function<ReadScript()>& read) {
  std::string key = InputKey(input).take();
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  const size_t bytes = key.size() + kLeastScript;
  if (bytes_ + bytes > kMaxCachedScripts) {
    known_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  return known_.emplace(std::move(key), read()).first->second;
}

}  // namespace tablegate::loader
