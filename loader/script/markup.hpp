// The tags of a script and the text between them, one after the other. Scripts are
// XML as people write it: a `<` is an operator unless a tag of script mode begins
// there, and `&` is one unless one of XML's five entities does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/source_text.hpp"

namespace tablegate::loader {

struct MarkupAttribute {
  std::string name;
  size_t at = 0;  // byte of the script
  SourceText value;
};

struct MarkupToken {
  enum class Kind { end, text, open, close };

  Kind kind = Kind::end;
  size_t at = 0;       // byte of the script
  std::string name;    // of a tag
  bool empty = false;  // <name/>
  std::vector<MarkupAttribute> attributes;
  SourceText text;

  const MarkupAttribute* attribute(std::string_view wanted) const;
};

class Markup {
 public:
  Markup(const std::string& script, ScriptFaults& faults) : script_(script), faults_(faults) {}

  // After a fault that hides the rest: the end.
  MarkupToken next();
  bool failed() const { return failed_; }
  // Of the <bind> tags so far, each of which is a fault.
  const std::vector<std::string>& bound_names() const { return bound_names_; }

 private:
  bool starts(std::string_view text) const {
    return std::string_view(script_).substr(next_, text.size()) == text;
  }
  void fail(size_t at, std::string text);
  void skip_tag(std::string text);
  void note_bound_name();
  bool skip_comment();
  bool read_data(SourceText& out);
  bool begins_tag();
  bool begins_close(size_t name);
  bool is_tag_like(size_t after) const;
  void add_character(SourceText& out);
  MarkupToken open_tag();
  MarkupToken close_tag();
  bool read_attribute(MarkupToken& tag);
  void skip_blanks();
  std::string read_name();

  const std::string& script_;
  ScriptFaults& faults_;
  size_t next_ = 0;
  bool failed_ = false;
  std::vector<std::string> bound_names_;
};

}  // namespace tablegate::loader
