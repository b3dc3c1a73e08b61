// One line of a manifest or of credentials: a JSON object whose members are
// written in a fixed order, and lists in the order of their contents, so that
// equal contents give equal bytes. Also the digest in their header lines.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_output.hpp"

namespace tablegate::loader {

class ManifestLine : public JsonOutput {
 public:
  explicit ManifestLine(std::string_view kind) : ManifestLine() { text("kind", kind); }
  ManifestLine() { begin_object(); }

  using JsonOutput::number;
  using JsonOutput::raw;
  void number_if(const char* name, const std::optional<int64_t>& value) {
    if (value) number(name, *value);
  }
  // A list of texts or numbers.
  template <class Item>
  void list(const char* name, const std::vector<Item>& items) {
    array(name, [&] {
      for (const Item& one : items) item(one);
    });
  }
  // A whole JSON array or object as it is.
  void raw(const char* name, const std::string& json) {
    key(name).raw(json, json[0] == '[' ? rapidjson::kArrayType : rapidjson::kObjectType);
  }
  // A list of objects, one an entry; `members(entry)` writes its members.
  template <class Entries, class Members>
  void objects(const char* name, const Entries& entries, Members members) {
    array(name, [&] {
      for (const auto& entry : entries) object([&] { members(entry); });
    });
  }

  std::string finish() { return end_object().take(); }

 private:
  void item(std::string_view value) { text(value); }
  void item(int64_t value) { number(value); }
};

template <class Item>
std::vector<Item> sorted(std::vector<Item> items) {
  std::sort(items.begin(), items.end());
  return items;
}

// References, so that the order of the caller's lists does not matter and nothing is copied.
template <class Entry, class Key>
std::vector<std::reference_wrapper<const Entry>> sorted_by(const std::vector<Entry>& entries,
                                                           Key Entry::*member) {
  std::vector<std::reference_wrapper<const Entry>> order(entries.begin(), entries.end());
  std::sort(order.begin(), order.end(),
            [member](const Entry& a, const Entry& b) { return a.*member < b.*member; });
  return order;
}

// The SHA-256 of the lines after the header, in hex. Throws SystemFailure.
std::string digest_of_lines(std::string_view lines);

}  // namespace tablegate::loader
