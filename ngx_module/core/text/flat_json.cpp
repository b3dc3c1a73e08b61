#include "core/text/flat_json.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/text/utf8.hpp"

namespace tablegate::core {

namespace {

using Kind = FlatMember::Kind;

// RapidJSON's reader calls these; false ends the reading.
class Collector {
 public:
  Collector(FlatMember* members, size_t room) : members_(members), room_(room) {}

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  bool Null() { return value(Kind::null, {}); }
  bool Bool(bool truth) { return value(Kind::truth, truth ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return value(Kind::number, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view string(text, size);
    if (!valid_text(string)) return false;
    return value(Kind::text, string);
  }
  bool StartObject() {
    if (depth_ > 0 && !value(Kind::object, {})) return false;
    return open(objects_++);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view name(text, size);
    return valid_text(name) && add({name, {}, nesting_[depth_ - 1], Kind::null, false});
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    return true;
  }
  bool StartArray() {
    if (!value(Kind::strings, {})) return false;
    if (depth_ == 1 && !no_object_) list_ = &members_[count_ - 1];
    return open(kList);
  }
  bool EndArray(rapidjson::SizeType) {
    if (--depth_ == 1) list_ = nullptr;
    return true;
  }
  // Never called: numbers are read as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  // NOLINTEND(readability-identifier-naming)

  size_t count() const { return count_; }
  bool too_deep() const { return too_deep_; }
  bool no_object() const { return no_object_; }

 private:
  static constexpr uint32_t kList = UINT32_MAX;

  bool open(uint32_t container) {
    if (depth_ == kMaxJsonDepth) {
      too_deep_ = true;
      return false;
    }
    nesting_[depth_++] = container;
    return true;
  }

  bool add(const FlatMember& member) {
    if (no_object_) return true;
    if (count_ == room_) return false;
    members_[count_++] = member;
    return true;
  }

  // Of a member, or an element of a list.
  bool value(Kind kind, std::string_view text) {
    if (depth_ == 0) no_object_ = true;
    if (no_object_) return true;  // the rest is only checked
    if (depth_ == 1) {
      members_[count_ - 1].kind = kind;
      members_[count_ - 1].text = text;
    } else if (depth_ == 2 && list_ != nullptr) {
      if (kind != Kind::text) list_->kind = Kind::list;
      return add({{}, text, 0, kind, true});
    }
    return true;
  }

  FlatMember* members_;
  size_t room_;
  size_t count_ = 0;
  FlatMember* list_ = nullptr;                     // the list being read, if of the top-level object
  std::array<uint32_t, kMaxJsonDepth> nesting_{};  // numbers of objects, kList for lists
  unsigned depth_ = 0;
  uint32_t objects_ = 0;
  bool too_deep_ = false;
  bool no_object_ = false;
};

bool same_name(const FlatMember& a, const FlatMember& b) {
  return a.object == b.object && a.name == b.name;
}

// Few names are compared with each other, many are sorted first.
FlatResult check_names(const FlatMember* members, size_t count, Arena& arena) {
  constexpr size_t kFew = 24;
  auto is_name = [](const FlatMember& member) { return !member.element; };
  if (count <= kFew) {
    for (size_t i = 1; i < count; ++i) {
      for (size_t j = 0; j < i && is_name(members[i]); ++j) {
        if (is_name(members[j]) && same_name(members[i], members[j])) return FlatResult::duplicate;
      }
    }
    return FlatResult::read;
  }
  using Place = const FlatMember*;
  auto* sorted = static_cast<Place*>(arena.allocate(count * sizeof(Place)));  // NOLINT: pointers are meant
  if (sorted == nullptr) return FlatResult::no_memory;
  size_t names = 0;
  for (size_t i = 0; i < count; ++i) {
    if (is_name(members[i])) sorted[names++] = &members[i];
  }
  std::sort(sorted, sorted + names, [](const FlatMember* a, const FlatMember* b) {
    if (a->object != b->object) return a->object < b->object;
    return a->name < b->name;
  });
  const auto* twice = std::adjacent_find(
      sorted, sorted + names, [](const FlatMember* a, const FlatMember* b) { return same_name(*a, *b); });
  return twice == sorted + names ? FlatResult::read : FlatResult::duplicate;
}

}  // namespace

const FlatMember* FlatObject::find(std::string_view name) const {
  for (size_t i = 0; i < count; ++i) {
    const FlatMember& member = members[i];
    if (member.object == 0 && !member.element && member.name == name) return &member;
  }
  return nullptr;
}

bool FlatObject::has_string(const FlatMember& member, std::string_view text) const {
  if (member.kind != Kind::strings) return false;
  const FlatMember* const end = members + count;
  for (const FlatMember* at = &member + 1; at != end && at->element; ++at) {
    if (at->text == text) return true;
  }
  return false;
}

FlatResult read_flat_object(char* text, size_t size, Arena& arena, FlatObject& out) {
  // RapidJSON reads a NUL as the end.
  if (size > UINT32_MAX || std::memchr(text, '\0', size) != nullptr) return FlatResult::refused;
  // Each name is followed by a colon, each element by a comma or its list's end; the shortest are `"":1,` and
  // `1,`.
  size_t marks = 1;
  for (size_t i = 0; i < size; ++i) marks += text[i] == ':' || text[i] == ',' ? 1U : 0U;
  const size_t room = std::min(marks, size / 2 + 1);
  auto* members = static_cast<FlatMember*>(arena.allocate(room * sizeof(FlatMember)));
  if (members == nullptr) return FlatResult::no_memory;
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  Collector collector(members, room);
  rapidjson::Reader reader;
  rapidjson::InsituStringStream stream(text);
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, collector);
  if (collector.too_deep()) return FlatResult::too_deep;
  // Too large for a double: RapidJSON checks exponents even if it keeps numbers as text.
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) return FlatResult::number_too_large;
  if (result.IsError()) return FlatResult::refused;
  if (collector.no_object()) return FlatResult::no_object;
  const FlatResult names = check_names(members, collector.count(), arena);
  if (names == FlatResult::read) out = {members, collector.count()};
  return names;
}

}  // namespace tablegate::core
