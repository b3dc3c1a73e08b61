#include "core/call/list_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr std::string_view kTooMany = "must have at most 1000 items";
static_assert(kMaxListItems == 1000);
constexpr std::string_view kHasNul = "must be UTF-8 without NUL";

// Numbers and truth values need no quotes in an array.
bool is_quoted(ParameterType type) {
  return !is_number(type) && type != ParameterType::boolean;
}

// The texts of the items one after another, each with a NUL after it.
class ItemTexts {
 public:
  // Room for `size` bytes of items.
  bool reserve(size_t size, size_t texts, Arena& arena) {
    begin_ = end_ = static_cast<char*>(arena.allocate(size + texts + 1));
    return begin_ != nullptr;
  }

  // One occurrence: `write(at)` writes its text to `at` and returns the end, or null. `split`: at commas.
  template <class Write>
  bool add(bool split, Write write) {
    char* const begin = end_;
    char* const end = write(begin);
    if (end == nullptr) return fail("is not correctly percent-encoded");
    if (std::memchr(begin, '\0', static_cast<size_t>(end - begin)) != nullptr) return fail(kHasNul);
    ++count_;
    for (char* at = begin; split && at != end; ++at) {
      if (*at != ',') continue;
      *at = '\0';
      ++count_;
    }
    *end = '\0';
    end_ = end + 1;
    return count_ <= kMaxListItems || fail(kTooMany);
  }

  bool add_text(std::string_view text, bool split) {
    return add(split, [text](char* at) { return at + text.copy(at, text.size()); });
  }

  bool fail(std::string_view complaint) {
    complaint_ = complaint;
    return false;
  }

  const char* begin() const { return begin_; }
  size_t count() const { return count_; }
  std::string_view complaint() const { return complaint_; }

 private:
  char* begin_ = nullptr;
  char* end_ = nullptr;
  size_t count_ = 0;
  std::string_view complaint_;
};

// The occurrences of a parameter in a query, a form, a path or headers.
bool read_occurrences(ParameterPlace place, const GivenValue& given, Arena& arena, ItemTexts& out) {
  if (given.count > kMaxListItems) return out.fail(kTooMany);
  size_t size = given.raw.size();
  for (const MoreGiven* more = given.more; more != nullptr; more = more->next) size += more->raw.size();
  if (!out.reserve(size, given.count, arena)) return false;
  const auto read = [place, &out](std::string_view raw) {
    switch (place) {
      case ParameterPlace::query:
      case ParameterPlace::body:
        return out.add(true, [raw](char* at) { return decode_query_bytes(raw, at); });
      case ParameterPlace::path:
        return out.add(true, [raw](char* at) {
          return std::replace_copy(raw.begin(), raw.end(), at, '\0', '/');  // see RequestData::path
        });
      case ParameterPlace::header:
        break;
    }
    // Blanks around an item are no part of it (RFC 9110 section 5.6.1).
    for (size_t at = 0; at <= raw.size();) {
      const size_t end = std::min(raw.find(',', at), raw.size());
      if (!out.add_text(trimmed(raw.substr(at, end - at)), false)) return false;
      at = end + 1;
    }
    return true;
  };
  if (!read(given.raw)) return false;
  for (const MoreGiven* more = given.more; more != nullptr; more = more->next) {
    if (!read(more->raw)) return false;
  }
  return true;
}

// Why an item of a JSON array, or a single value, cannot be an item of the list; empty: it can.
std::string_view bad_kind(const FlatMember& value, const Parameter& parameter) {
  using Kind = FlatMember::Kind;
  const bool number = is_number(parameter.type);
  const bool truth = parameter.type == ParameterType::boolean;
  switch (value.kind) {
    case Kind::text:
      return {};
    case Kind::number:
      return number || truth ? std::string_view() : "must have JSON strings as items";
    case Kind::truth:
      if (truth) return {};
      return number ? "must have JSON numbers as items" : "must have JSON strings as items";
    case Kind::null:
      return "must not have a null item";
    default:
      return "must be a list of single values";
  }
}

// A member of the body's JSON object. `end`: of all members, which the items of an array follow.
bool read_member(const FlatMember& member, const FlatMember* end, const Parameter& parameter, Arena& arena,
                 ItemTexts& out) {
  if (!member.is_list()) {
    if (const std::string_view complaint = bad_kind(member, parameter); !complaint.empty())
      return out.fail(complaint);
    return out.reserve(member.text.size(), 1, arena) && out.add_text(member.text, true);
  }
  size_t size = 0;
  size_t count = 0;
  for (const FlatMember* item = &member + 1; item != end && item->element; ++item) {
    if (const std::string_view complaint = bad_kind(*item, parameter); !complaint.empty())
      return out.fail(complaint);
    if (++count > kMaxListItems) return out.fail(kTooMany);
    size += item->text.size();
  }
  if (!out.reserve(size, count, arena)) return false;
  for (const FlatMember* item = &member + 1; count > 0; ++item, --count) {
    if (!out.add_text(item->text, false)) return false;
  }
  return true;
}

bool read_default(const std::vector<std::string>& items, Arena& arena, ItemTexts& out) {
  size_t size = 0;
  for (const std::string& item : items) size += item.size();
  if (!out.reserve(size, items.size(), arena)) return false;
  return std::all_of(items.begin(), items.end(),
                     [&out](const std::string& item) { return out.add_text(item, false); });
}

// {1,2} or {"a","b"}; null: no memory.
const char* array_text(const BoundItems& items, bool quoted, Arena& arena) {
  size_t room = 3;
  for (size_t i = 0; i < items.count; ++i) {
    room += 3;
    for (const char* at = items.items[i]; *at != '\0'; ++at) room += *at == '"' || *at == '\\' ? 2 : 1;
  }
  auto* const text = static_cast<char*>(arena.allocate(room));
  if (text == nullptr) return nullptr;
  char* to = text;
  *to++ = '{';
  for (size_t i = 0; i < items.count; ++i) {
    if (i > 0) *to++ = ',';
    if (quoted) *to++ = '"';
    for (const char* at = items.items[i]; *at != '\0'; ++at) {
      if (*at == '"' || *at == '\\') *to++ = '\\';
      *to++ = *at;
    }
    if (quoted) *to++ = '"';
  }
  *to++ = '}';
  *to = '\0';
  return text;
}

// What is wrong with one of several items: the caller learns which one.
std::string_view item_detail(size_t number, std::string_view detail, Arena& arena) {
  constexpr std::string_view kBefore = "has a wrong item, number ";
  constexpr std::string_view kAfter = ": it ";
  constexpr size_t kDigits = 4;
  static_assert(kMaxListItems < 10000);
  auto* const text =
      static_cast<char*>(arena.allocate(kBefore.size() + kDigits + kAfter.size() + detail.size()));
  if (text == nullptr) return detail;
  char* to = text + kBefore.copy(text, kBefore.size());
  to = std::to_chars(to, to + kDigits, number).ptr;
  to += kAfter.copy(to, kAfter.size());
  to += detail.copy(to, detail.size());
  return {text, static_cast<size_t>(to - text)};
}

// The items as they are bound.
Problem check_items(const Parameter& parameter, const ItemTexts& texts, Arena& arena, BoundItems& out) {
  auto** const items = static_cast<const char**>(arena.allocate((texts.count() + 1) * sizeof(const char*)));
  if (items == nullptr) return {Slug::internal_error, {}, {}, "no_memory"};
  const char* at = texts.begin();
  for (size_t i = 0; i < texts.count(); ++i) {
    const std::string_view text(at);
    std::string_view detail;
    items[i] = check_value(parameter, text, arena, detail).data();
    if (items[i] == nullptr) {
      if (texts.count() > 1) detail = item_detail(i + 1, detail, arena);
      return {Slug::invalid_parameter, parameter.name, detail};
    }
    at += text.size() + 1;
  }
  out = {items, texts.count()};
  return {};
}

bool make_items(const Api& api, Arena& arena, BoundItems*& items) {
  if (items != nullptr) return true;
  const size_t count = api.parameters.size();
  items = static_cast<BoundItems*>(arena.allocate(count * sizeof(BoundItems)));
  if (items == nullptr) return false;
  std::uninitialized_value_construct_n(items, count);
  return true;
}

}  // namespace

Problem bind_list(const Api& api, size_t place, const GivenValues& given, Arena& arena, const char** values,
                  BoundItems*& items) {
  const Parameter& parameter = api.parameters[place];
  const GivenValue& value = given[place];
  const bool in_object = value.member != nullptr;
  const bool present = in_object ? value.member->kind != FlatMember::Kind::null : value.count > 0;
  values[place] = nullptr;
  if (!present && !parameter.default_items)
    return parameter.required ? Problem(Slug::missing_parameter, parameter.name, "is required") : Problem();
  ItemTexts texts;
  const FlatObject& object = given.object();
  const bool read = !present ? read_default(*parameter.default_items, arena, texts)
                    : in_object
                        ? read_member(*value.member, object.members + object.count, parameter, arena, texts)
                        : read_occurrences(parameter.place, value, arena, texts);
  if (!read && !texts.complaint().empty())
    return {Slug::invalid_parameter, parameter.name, texts.complaint()};
  if (!read || !make_items(api, arena, items)) return {Slug::internal_error, {}, {}, "no_memory"};
  if (const Problem problem = check_items(parameter, texts, arena, items[place])) return problem;
  values[place] = array_text(items[place], is_quoted(parameter.type), arena);
  if (values[place] == nullptr) return {Slug::internal_error, {}, {}, "no_memory"};
  return {};
}

}  // namespace tablegate::core
