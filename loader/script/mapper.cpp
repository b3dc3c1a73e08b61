#include "script/mapper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/near_name.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "script/mapper_parameters.hpp"
#include "script/template.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kXmlSpaces = " \t\r\n";
// How deep fragments include one another.
constexpr size_t kMostIncludes = 8;

// An element of the file: <select id="a" ...>...</select>
struct Element {
  size_t at = 0;              // of its `<`
  size_t begin = 0, end = 0;  // its content
  size_t after = 0;           // behind its end tag
  std::map<std::string, std::string> attributes;
};

class MapperFile {
 public:
  MapperFile(const std::string& text, std::vector<ScriptFault>& faults)
      : text_(text), faults_(faults, text) {}

  MapperScript read(const std::string& id) {
    MapperScript out;
    const std::optional<Element> select = find("select", id);
    if (!select) {
      faults_.add(0, fmt::format("there is no <select id=\"{}\">{}", id, did_you_mean(id, ids_)));
      return out;
    }
    append(select->begin, select->end, 0, out.text);
    trim(out.text);
    const auto type = select->attributes.find("parameterType");
    out.parameters = mapper_parameters(out.text.text, type == select->attributes.end() ? "" : type->second);
    return out;
  }

 private:
  // Of the text as a whole a fault has the place 0.
  class Faults {
   public:
    Faults(std::vector<ScriptFault>& faults, const std::string& text) : faults_(faults), text_(text) {}
    void add(size_t at, std::string reason) {
      faults_.push_back(at == 0 ? ScriptFault{0, 0, std::move(reason)}
                                : fault_at(text_, at, std::move(reason)));
    }

   private:
    std::vector<ScriptFault>& faults_;
    const std::string& text_;
  };

  bool starts(size_t at, std::string_view what) const { return text_.compare(at, what.size(), what) == 0; }

  // Behind a comment or a CDATA section that begins at `at`; `at` where none does.
  size_t skip_section(size_t at) const {
    const bool comment = starts(at, "<!--");
    if (!comment && !starts(at, "<![CDATA[")) return at;
    const size_t end = text_.find(comment ? "-->" : "]]>", at);
    return end == std::string::npos ? text_.size() : end + 3;
  }

  bool is_tag_at(size_t at, std::string_view name) const {
    if (text_[at] != '<' || !starts(at + 1, name)) return false;
    const size_t end = at + 1 + name.size();
    return end < text_.size() &&
           (kXmlSpaces.find(text_[end]) != std::string_view::npos || text_[end] == '>' || text_[end] == '/');
  }

  // The first place from `at` on, outside of comments and CDATA, where `tag` begins.
  size_t next_tag(size_t at, size_t end, std::string_view tag) const {
    while (at < end) {
      const size_t behind = skip_section(at);
      if (behind != at) {
        at = behind;
      } else if (is_tag_at(at, tag)) {
        return at;
      } else {
        ++at;
      }
    }
    return std::string::npos;
  }

  // The element whose tag begins at `at`. It has no element of its name in it.
  Element element(size_t at, const std::string& name) {
    Element out;
    out.at = at;
    size_t place = at + 1 + name.size();
    while (place < text_.size() && text_[place] != '>' && text_[place] != '/') {
      const size_t begin = text_.find_first_not_of(kXmlSpaces, place);
      const size_t equals = text_.find('=', place);
      if (begin == std::string::npos || text_[begin] == '>' || text_[begin] == '/') {
        place = std::min(begin, text_.size());
        continue;
      }
      const size_t quote = equals == std::string::npos ? equals : text_.find_first_of("\"'", equals);
      const size_t close = quote == std::string::npos ? quote : text_.find(text_[quote], quote + 1);
      if (close == std::string::npos) break;
      out.attributes[std::string(core::trimmed_end(std::string_view(text_).substr(begin, equals - begin),
                                                   kXmlSpaces))] = text_.substr(quote + 1, close - quote - 1);
      place = close + 1;
    }
    const bool empty = starts(place, "/>");
    out.begin = out.end = out.after = std::min(place + (empty ? 2 : 1), text_.size());
    if (empty) return out;
    const size_t end = next_tag(out.begin, text_.size(), "/" + name);
    if (end == std::string::npos) {
      faults_.add(at, fmt::format("<{}> is not closed", name));
      return out;
    }
    out.end = end;
    out.after = std::min(text_.find('>', end), text_.size() - 1) + 1;
    return out;
  }

  std::optional<Element> find(const std::string& name, const std::string& id) {
    ids_.clear();
    for (size_t at = next_tag(0, text_.size(), name); at != std::string::npos;) {
      const Element one = element(at, name);
      const auto own = one.attributes.find("id");
      if (own != one.attributes.end()) ids_.push_back(own->second);
      if (own != one.attributes.end() && own->second == id) return one;
      at = next_tag(std::max(one.after, at + 1), text_.size(), name);
    }
    return std::nullopt;
  }

  // The text from `begin` to `end` with the fragments that it includes.
  void append(size_t begin, size_t end, size_t depth, SourceText& out) {
    while (begin < end && out.text.size() <= kMaxScriptSize) {
      const size_t behind = std::min(std::max(skip_section(begin), begin), end);
      if (behind == begin && is_tag_at(begin, "include")) {
        begin = include(element(begin, "include"), depth, out);
        continue;
      }
      for (const size_t stop = std::max(behind, begin + 1); begin < stop; ++begin)
        out.add(text_[begin], begin);
    }
  }

  size_t include(const Element& tag, size_t depth, SourceText& out) {
    const auto named = tag.attributes.find("refid");
    std::string id = named == tag.attributes.end() ? "" : named->second;
    if (text_.find_first_not_of(kXmlSpaces, tag.begin) < tag.end)
      faults_.add(tag.at, "<property> of <include> is not read: write the text of the fragment in its place");
    std::optional<Element> fragment = find("sql", id);
    if (!fragment && id.rfind('.') != std::string::npos) fragment = find("sql", id.substr(id.rfind('.') + 1));
    if (!fragment) {
      faults_.add(
          tag.at,
          fmt::format("there is no <sql id=\"{}\"> in this file{}: write its text in place of <include>", id,
                      did_you_mean(id, ids_)));
    } else if (depth == kMostIncludes) {
      faults_.add(tag.at,
                  fmt::format("fragments include one another more than {} levels deep", kMostIncludes));
    } else {
      append(fragment->begin, fragment->end, depth + 1, out);
    }
    return tag.after;
  }

  static void trim(SourceText& text) {
    const size_t first = text.text.find_first_not_of(kXmlSpaces);
    if (first == std::string::npos) return;
    const size_t size = text.text.find_last_not_of(kXmlSpaces) + 1 - first;
    text.text = text.text.substr(first, size);
    text.at.erase(text.at.begin(), text.at.begin() + static_cast<std::ptrdiff_t>(first));
    text.at.resize(size);
  }

  const std::string& text_;
  Faults faults_;
  std::vector<std::string> ids_;  // that find() has seen
};

}  // namespace

MapperScript read_mapper(const std::string& file, const std::string& id, std::vector<ScriptFault>& faults) {
  if (core::valid_text(file)) return MapperFile(file, faults).read(id);
  faults.push_back({0, 0, "the file is not valid UTF-8"});
  return {};
}

ScriptFault mapper_fault(const std::string& file, const SourceText& script, const ScriptFault& fault) {
  if (fault.line == 0) return fault;
  size_t offset = 0;
  for (size_t line = 1; line < fault.line && offset < script.text.size(); ++line)
    offset = std::min(script.text.find('\n', offset), script.text.size() - 1) + 1;
  for (size_t column = 1; column < fault.column && offset < script.text.size(); ++offset) {
    // Not a byte that continues a character.
    const size_t next = offset + 1;
    if (next >= script.text.size() || (static_cast<unsigned char>(script.text[next]) & 0xC0U) != 0x80U)
      ++column;
  }
  return fault_at(file, script.place(offset), fault.text);
}

}  // namespace tablegate::loader
