#include "core/call/given_values.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/route/router.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

// A caller may choose names of one slot. That costs him no more than one comparison for each parameter of the
// definition that is in the same slot.
size_t slot_of(size_t size, char first, char last) {
  return size + 7 * static_cast<unsigned char>(to_lower(first)) +
         13 * static_cast<unsigned char>(to_lower(last));
}

size_t slot_of(std::string_view name) {
  return name.empty() ? 0 : slot_of(name.size(), name.front(), name.back());
}

// Of a name that is percent-encoded. False: the encoding is invalid.
bool find_encoded_slot(std::string_view raw, size_t& slot) {
  size_t size = 0;
  int first = 0;
  int last = 0;
  for (size_t at = 0; at < raw.size(); ++size) {
    last = next_query_byte(raw, at);
    if (last < 0) return false;
    if (size == 0) first = last;
  }
  slot = slot_of(size, static_cast<char>(first), static_cast<char>(last));
  return true;
}

}  // namespace

template <class IsName, class Use>
void GivenValues::find(size_t slot, IsName is_name, Use use) const {
  for (uint32_t at = first_[slot % kSlots]; at != 0; at = values_[at - 1].next) {
    if (is_name(api_.parameters[at - 1].name)) use(values_[at - 1]);
  }
}

template <class IsName>
void GivenValues::add(size_t slot, std::string_view raw, IsName is_name) {
  find(slot, is_name, [this, raw](GivenValue& value) {
    if (value.count++ == 0) {
      value.raw = raw;
    } else {
      add_more(value, raw);
    }
  });
}

// A parameter that is no list may occur once, and each occurrence of a list has an item or more.
void GivenValues::add_more(GivenValue& value, std::string_view raw) {
  if (!api_.parameters[static_cast<size_t>(&value - values_)].list || value.count > kMaxListItems) return;
  void* const room = arena_.allocate(sizeof(MoreGiven));
  if (room == nullptr) {
    no_memory_ = true;
    return;
  }
  // cppcheck-suppress legacyUninitvar
  MoreGiven* const added = ::new (room) MoreGiven{raw, nullptr};
  (value.last == nullptr ? value.more : value.last->next) = added;
  value.last = added;
}

bool GivenValues::has_parameter(std::string_view raw_name) const {
  size_t slot = 0;
  bool found = false;
  if (find_encoded_slot(raw_name, slot)) {
    find(
        slot, [raw_name](const std::string& name) { return query_text_is(raw_name, name); },
        [&found](const GivenValue&) { found = true; });
  }
  return found;
}

void GivenValues::look_in(ParameterPlace place) {
  std::memset(first_, 0, sizeof first_);
  for (uint32_t i = 0; i < api_.parameters.size(); ++i) {
    const Parameter& parameter = api_.parameters[i];
    if (parameter.place != place) continue;
    uint32_t& first = first_[slot_of(parameter.name) % kSlots];
    values_[i].next = first;
    first = i + 1;
  }
}

void GivenValues::read_pairs(std::string_view pairs) {
  for (size_t at = 0; at < pairs.size(); ++at) {
    const size_t begin = at;
    bool plain = true;
    for (; at < pairs.size() && pairs[at] != '=' && pairs[at] != '&'; ++at)
      plain = plain && pairs[at] != '%' && pairs[at] != '+';
    const std::string_view name = pairs.substr(begin, at - begin);
    std::string_view raw = pairs.substr(at, 0);
    if (at < pairs.size() && pairs[at] == '=') {
      const size_t value = at + 1;
      at = std::min(pairs.find('&', value), pairs.size());
      raw = pairs.substr(value, at - value);
    }
    size_t slot = 0;
    if (plain) {
      add(slot_of(name), raw, [name](const std::string& other) { return name == other; });
    } else if (find_encoded_slot(name, slot)) {
      add(slot, raw, [name](const std::string& other) { return query_text_is(name, other); });
    }
  }
}

void GivenValues::read_members(const FlatObject& object) {
  for (size_t i = 0; i < object.count; ++i) {
    const FlatMember& member = object.members[i];
    if (member.object != 0 || member.element) continue;
    find(
        slot_of(member.name), [&member](const std::string& name) { return name == member.name; },
        [&member](GivenValue& value) { value.member = &member; });
  }
}

void GivenValues::read_path(std::string_view path) {
  PathParameters parameters(api_, path);
  std::string_view name;
  std::string_view value;
  while (parameters.next(name, value)) {
    if (value.empty()) continue;
    add(slot_of(name), value, [name](const std::string& other) { return name == other; });
  }
}

class GivenValues::Header final : public HeaderSource::Visitor {
 public:
  explicit Header(GivenValues& values) : values_(values) {}
  void header(std::string_view name, std::string_view value) override {
    values_.add(slot_of(name), value,
                [name](const std::string& other) { return same_in_any_case(name, other); });
  }

 private:
  GivenValues& values_;
};

Problem GivenValues::read_body(const RequestData& request) {
  if (request.body_pending) return {Slug::internal_error, {}, {}, "body_not_read"};
  if (request.body == nullptr) return {};
  switch (request.body->kind) {
    case Body::Kind::none:
      return {};
    case Body::Kind::form:
      look_in(body_place(api_, request));
      form_ = request.body->bytes;
      read_pairs(form_);
      return {};
    case Body::Kind::json:
      if (Problem problem = parse_json_body(request.body->bytes, arena_, object_)) {
        problem.understood = problem.understood && api_.is_query(request.method);
        return problem;
      }
      look_in(body_place(api_, request));
      read_members(object_);
      return {};
    case Body::Kind::other:
      break;
  }
  return {Slug::unsupported_media_type, {}, {}};
}

// The body, then the query: a parameter may be in one of them.
Problem GivenValues::read_query_method(const RequestData& request) {
  unsigned types = 0;
  if (request.headers != nullptr) request.headers->find("content-type", types);
  const bool has_body = request.body != nullptr && request.body->kind != Body::Kind::none;
  if (has_body && types == 0) return {Slug::invalid_body, "body", "requires the header Content-Type"};
  if (const Problem problem = read_body(request)) return problem;
  const size_t count = api_.parameters.size();
  auto* const in_body = static_cast<uint32_t*>(arena_.allocate((count + 1) * sizeof(uint32_t)));
  if (in_body == nullptr) return {Slug::internal_error, {}, {}, "no_memory"};
  for (size_t i = 0; i < count; ++i) in_body[i] = values_[i].count;
  look_in(ParameterPlace::query);
  read_pairs(request.query);
  for (size_t i = 0; i < count; ++i) {
    const GivenValue& value = values_[i];
    const bool body = in_body[i] != 0 || value.member != nullptr;
    if (body && value.count != in_body[i])
      return {Slug::invalid_parameter, api_.parameters[i].name, "is in the URL and in the body"};
  }
  return {};
}

Problem GivenValues::read(const RequestData& request) {
  bool used[4] = {};
  values_ = static_cast<GivenValue*>(arena_.allocate(api_.parameters.size() * sizeof(GivenValue)));
  if (values_ == nullptr) return {Slug::internal_error, {}, {}, "no_memory"};
  for (size_t i = 0; i < api_.parameters.size(); ++i) {
    ::new (&values_[i]) GivenValue();
    used[static_cast<size_t>(api_.parameters[i].place)] = true;
  }
  const auto has = [&used](ParameterPlace place) { return used[static_cast<size_t>(place)]; };
  if (api_.reads_body) {
    if (const Problem problem = read_body(request)) return problem;
  }
  if (api_.is_query(request.method)) {
    if (const Problem problem = read_query_method(request)) return problem;
  } else if (has(ParameterPlace::query)) {
    look_in(ParameterPlace::query);
    read_pairs(request.query);
  }
  if (has(ParameterPlace::path)) {
    look_in(ParameterPlace::path);
    read_path(request.path);
  }
  if (has(ParameterPlace::header) && request.headers != nullptr) {
    look_in(ParameterPlace::header);
    Header visitor(*this);
    request.headers->visit(visitor);
  }
  if (no_memory_) return {Slug::internal_error, {}, {}, "no_memory"};
  return {};
}

}  // namespace tablegate::core
