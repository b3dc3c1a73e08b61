// yaml_text(): a tree as events for libyaml's emitter.
#include <yaml.h>

#include <algorithm>
#include <new>

#include "base/yaml_scalar.hpp"
#include "base/yaml_text.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kShortList = 80;  // characters that a list of scalars may have in one line

class Emitter {
 public:
  Emitter() {
    if (yaml_emitter_initialize(&emitter_) == 0) throw std::bad_alloc();
    yaml_emitter_set_output(&emitter_, append, &text_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);  // lines are not folded
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  std::string document(const JsonValue& value) {
    yaml_event_t event;
    emit(event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(event, yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1));
    this->value(value);
    emit(event, yaml_document_end_event_initialize(&event, 1));
    emit(event, yaml_stream_end_event_initialize(&event));
    return std::move(text_);
  }

 private:
  static int append(void* out, unsigned char* bytes, size_t size) noexcept {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  // The emitter takes the event. It fails only without memory: the events are in order.
  void emit(yaml_event_t& event, int initialized) {
    if (initialized == 0 || yaml_emitter_emit(&emitter_, &event) == 0) throw std::bad_alloc();
  }

  void value(const JsonValue& value) {
    yaml_event_t event;
    if (value.IsObject()) {
      emit(event, yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE));
      for (const auto& member : value.GetObject()) {
        this->value(member.name);
        this->value(member.value);
      }
      emit(event, yaml_mapping_end_event_initialize(&event));
    } else if (value.IsArray()) {
      emit(event, yaml_sequence_start_event_initialize(
                      &event, nullptr, nullptr, 1,
                      fits_line(value) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));
      for (const JsonValue& item : value.GetArray()) this->value(item);
      emit(event, yaml_sequence_end_event_initialize(&event));
    } else if (value.IsString()) {
      text(std::string(json_string(value)));
    } else {
      scalar(json_text(value), YAML_PLAIN_SCALAR_STYLE);
    }
  }

  static bool fits_line(const JsonValue& list) {
    const auto is_scalar = [](const JsonValue& item) { return !item.IsArray() && !item.IsObject(); };
    return std::all_of(list.Begin(), list.End(), is_scalar) && json_text(list).size() <= kShortList;
  }

  void text(const std::string& text) {
    switch (style_of_text(text)) {
      case TextStyle::plain:
        return scalar(text, YAML_PLAIN_SCALAR_STYLE);
      case TextStyle::block:
        return scalar(text, YAML_LITERAL_SCALAR_STYLE);
      case TextStyle::quoted:
        return scalar(text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    }
  }

  void scalar(const std::string& text, yaml_scalar_style_t style) {
    yaml_event_t event;
    const auto* const bytes = reinterpret_cast<const yaml_char_t*>(text.data());
    const auto size = static_cast<int>(text.size());
    const int done = yaml_scalar_event_initialize(&event, nullptr, nullptr, bytes, size, 1, 1, style);
    emit(event, done);
  }

  yaml_emitter_t emitter_{};
  std::string text_;
};

}  // namespace

std::string yaml_text(const JsonValue& value) {
  return Emitter().document(value);
}

}  // namespace tablegate::loader
