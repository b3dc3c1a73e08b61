#include "base/yaml_text.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <memory>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/yaml_scalar.hpp"

namespace tablegate::loader {
namespace {

// What anchors and aliases may add to a text, in bytes of memory.
constexpr size_t kMaxRepeated = size_t{4} << 20;

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// Of a value and everything in it.
size_t weight_of(const JsonValue& value) {
  size_t weight = sizeof(JsonValue);
  if (value.IsString()) return weight + value.GetStringLength();
  if (value.IsArray()) {
    for (const JsonValue& item : value.GetArray()) weight += weight_of(item);
  } else if (value.IsObject()) {
    for (const auto& member : value.GetObject()) weight += weight_of(member.name) + weight_of(member.value);
  }
  return weight;
}

// libyaml's parser with one event at a time.
class Events {
 public:
  explicit Events(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // False: the text is not YAML.
  bool next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) != 0;
  }
  const yaml_event_t& event() const { return event_; }
  TextPosition place() const { return place(event_.start_mark); }

  TextFault fault(std::string_view text) const {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    if (parser_.error == YAML_READER_ERROR)
      return {text_position(text, parser_.problem_offset), fmt::format("not YAML: {}", parser_.problem)};
    TextPosition at = place(parser_.problem_mark);
    // The end of a last line without a line feed is the first column of the next one to libyaml.
    if (const TextPosition end = text_position(text, text.size()); at.column == 1 && at.line > end.line)
      at = end;
    std::string reason = fmt::format("not YAML: {}", parser_.problem);
    if (parser_.context != nullptr) {
      reason += fmt::format(" {}", parser_.context);
      if (const size_t line = parser_.context_mark.line + 1; line != at.line)
        reason += fmt::format(" that begins in line {}", line);
    }
    if (is_tab(text, at)) reason = "not YAML: a tab, where only blanks may indent";
    return {at, reason};
  }

 private:
  static TextPosition place(const yaml_mark_t& mark) { return {mark.line + 1, mark.column + 1}; }

  static bool is_tab(std::string_view text, TextPosition at) {
    size_t begin = 0;
    for (size_t line = 1; line < at.line; ++line) {
      const size_t feed = text.find('\n', begin);
      if (feed == std::string_view::npos) return false;
      begin = feed + 1;
    }
    // Only blanks and it: as many bytes as columns.
    const std::string_view before = text.substr(begin, at.column);
    return before.size() == at.column && before.back() == '\t' &&
           before.find_first_not_of(" \t") == std::string_view::npos;
  }

  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

class Reader {
 public:
  Reader(std::string_view text, JsonDocument& documents, TextPositions& positions)
      : text_(text), events_(text), documents_(documents), positions_(positions) {
    documents_.SetArray();
  }

  TextFault read() {
    for (;;) {
      if (!events_.next()) return events_.fault(text_);
      if (events_.event().type == YAML_STREAM_END_EVENT) return {};
      take();
      if (!fault_.empty()) return fault_;
    }
  }

 private:
  // A collection that is not complete yet.
  struct Open {
    JsonValue value;
    TextPositions::Key pointer;
    std::string anchor;
    JsonValue name = JsonValue();   // of the member whose value comes next; null: a name comes next
    TextPositions::Key member = 0;  // its pointer

    bool has_name() const { return !name.IsNull(); }
  };
  struct Anchored {
    JsonValue value = JsonValue();
    bool complete = false;
  };

  JsonDocument::AllocatorType& allocator() { return documents_.GetAllocator(); }
  void fail(const std::string& reason) { fault_ = {events_.place(), reason}; }

  void take() {
    const yaml_event_t& event = events_.event();
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        return begin_document();
      case YAML_DOCUMENT_END_EVENT:
        return end_document();
      case YAML_ALIAS_EVENT:
        return alias(std::string(view(event.data.alias.anchor)));
      case YAML_SCALAR_EVENT:
        return scalar();
      case YAML_SEQUENCE_START_EVENT:
        return begin(rapidjson::kArrayType, event.data.sequence_start.anchor, event.data.sequence_start.tag);
      case YAML_MAPPING_START_EVENT:
        return begin(rapidjson::kObjectType, event.data.mapping_start.anchor, event.data.mapping_start.tag);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return end();
      default:
        return;
    }
  }

  void begin_document() {
    const yaml_version_directive_t* const version = events_.event().data.document_start.version_directive;
    if (version != nullptr && version->minor < 2)
      return fail("definitions are YAML 1.2: remove this line, or write %YAML 1.2");
    anchors_.clear();
    root_.SetNull();
  }

  void end_document() {
    if (!root_.IsNull()) documents_.PushBack(root_, allocator());
  }

  // Where the next value belongs. False: it is a name, or too deep.
  TextPositions::Key pointer_of_next() const {
    if (open_.empty())
      return TextPositions::below(TextPositions::kRoot, pointer_token(size_t{documents_.Size()}));
    const Open& around = open_.back();
    return around.has_name()
               ? around.member
               : TextPositions::below(around.pointer, pointer_token(size_t{around.value.Size()}));
  }

  bool is_name_next() const {
    return !open_.empty() && open_.back().value.IsObject() && !open_.back().has_name();
  }

  // Before each value: what may not be here.
  bool allow(const yaml_char_t* tag) {
    if (tag != nullptr) {
      fail(fmt::format("tags such as {} are not supported: quotes make a text", shown(view(tag))));
    } else if (is_name_next() && events_.event().type != YAML_SCALAR_EVENT) {
      fail("the name of a member must be a text");
    } else if (open_.size() > kMaxDepth + (open_.empty() || open_.front().value.IsObject() ? 0U : 1U)) {
      fail(fmt::format("nested deeper than {} levels", kMaxDepth));
    }
    return fault_.empty();
  }

  // A tag as people write it.
  static std::string shown(std::string_view tag) {
    constexpr std::string_view kYaml = "tag:yaml.org,2002:";
    if (tag.substr(0, kYaml.size()) == kYaml) return "!!" + std::string(tag.substr(kYaml.size()));
    return std::string(tag);
  }

  void begin(rapidjson::Type type, const yaml_char_t* anchor, const yaml_char_t* tag) {
    if (!allow(tag)) return;
    const TextPositions::Key pointer = mark();
    open_.push_back({JsonValue(type), pointer, std::string(view(anchor))});
    if (anchor != nullptr) anchors_[open_.back().anchor].complete = false;
  }

  void end() {
    JsonValue value(std::move(open_.back().value));
    const std::string anchor = open_.back().anchor;
    open_.pop_back();
    finish(std::move(value), anchor);
  }

  void scalar() {
    const auto& scalar = events_.event().data.scalar;
    const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    // The tag "!" is not reported as one.
    if (plain && scalar.tag == nullptr && scalar.plain_implicit == 0)
      return fail("tags such as ! are not supported: quotes make a text");
    if (!allow(scalar.tag)) return;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    if (is_name_next()) return name(text, plain);
    JsonValue value;
    if (!plain) {
      value.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator());
    } else if (const std::string reason = read_plain_scalar(text, value, allocator()); !reason.empty()) {
      return fail(reason);
    }
    mark();
    finish(std::move(value), std::string(view(scalar.anchor)));
  }

  // Whatever a plain scalar means as a value, as a name it is its text.
  void name(std::string_view text, bool plain) {
    if (plain && text == "<<") return fail("merge keys (<<) are not supported: repeat the members");
    if (events_.event().data.scalar.anchor != nullptr)
      return fail("the name of a member cannot have an anchor");
    Open& around = open_.back();
    around.name.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator());
    around.member = TextPositions::below(around.pointer, pointer_token(text));
    positions_.set(around.member, events_.place());
  }

  // Keeps the place of the value that begins here; a member's is that of its name.
  TextPositions::Key mark() {
    const TextPositions::Key pointer = pointer_of_next();
    if (open_.empty() || !open_.back().has_name()) positions_.set(pointer, events_.place());
    return pointer;
  }

  void alias(const std::string& anchor) {
    if (!allow(nullptr)) return;
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return fail(fmt::format("there is no anchor &{} before this alias", anchor));
    if (!known->second.complete)
      return fail(fmt::format("the alias *{} is inside of its own anchor", anchor));
    mark();
    JsonValue value;
    if (repeat(known->second.value, value)) finish(std::move(value), "");
  }

  // A copy, within bounds.
  bool repeat(const JsonValue& value, JsonValue& copy) {
    repeated_ += weight_of(value);
    if (repeated_ > kMaxRepeated) {
      fail(fmt::format("anchors and aliases repeat more than {} MB of values: write fewer, or several files",
                       kMaxRepeated >> 20U));
      return false;
    }
    copy.CopyFrom(value, allocator());
    return true;
  }

  void finish(JsonValue value, const std::string& anchor) {
    if (!anchor.empty()) {
      Anchored& anchored = anchors_[anchor];
      if (!repeat(value, anchored.value)) return;
      anchored.complete = true;
    }
    if (open_.empty()) {
      root_ = value;
    } else if (Open& around = open_.back(); around.has_name()) {
      around.value.AddMember(around.name, value, allocator());  // which takes both and leaves null
    } else {
      around.value.PushBack(value, allocator());
    }
  }

  std::string_view text_;
  Events events_;
  JsonDocument& documents_;
  TextPositions& positions_;
  TextFault fault_;
  JsonValue root_;
  std::vector<Open> open_;
  std::unordered_map<std::string, Anchored> anchors_;
  size_t repeated_ = 0;
};

}  // namespace

TextFault parse_yaml(std::string_view text, JsonDocument& documents, TextPositions& positions) {
  return Reader(text, documents, positions).read();
}

}  // namespace tablegate::loader
