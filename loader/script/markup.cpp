#include "script/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/near_name.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kBlankCharacters = " \t\r\n\f\v";
constexpr std::string_view kTags[] = {"if", "choose", "when", "otherwise", "where", "trim", "foreach"};

// Tags of MyBatis that are not read, and what to write.
constexpr std::pair<std::string_view, std::string_view> kOtherTags[] = {
    {"bind", "write its expression in place of the placeholder, for example '%' || ${name} || '%'"},
    {"set", "a script is one SELECT and changes nothing"},
    {"include", "write the text of the fragment in its place"},
    {"sql", "write its text where it is used"},
    {"script", "remove it: tags are read without it"},
    {"selectKey", "remove it: a script is one SELECT"},
    {"select", "remove it: a script is the text within it"},
    {"mapper", "a script is the text of one <select>"},
    {"insert", "a script is one SELECT and changes nothing"},
    {"update", "a script is one SELECT and changes nothing"},
    {"delete", "a script is one SELECT and changes nothing"},
};

constexpr std::pair<std::string_view, char> kEntities[] = {
    {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};

bool is_tag(std::string_view name) {
  return std::find(std::begin(kTags), std::end(kTags), name) != std::end(kTags);
}

// Empty: it is no such tag.
std::string_view instead_of_tag(std::string_view name) {
  for (const auto& [other, instead] : kOtherTags) {
    if (other == name) return instead;
  }
  return {};
}

// The tag that is meant; empty: none is near.
std::string near_tag(std::string_view name) {
  if (letters_apart(name, "if") == 1) return "if";
  return nearest_name(name, {std::begin(kTags), std::end(kTags)});
}

// ` (did you mean "if"?)`
std::string meant_tag(std::string_view name) {
  const std::string near = near_tag(name.substr(0, 40));
  return near.empty() ? std::string() : fmt::format(" (did you mean \"{}\"?)", near);
}

bool is_blank(char c) {
  return kBlankCharacters.find(c) != std::string_view::npos;
}

bool is_xml_name(char c) {
  return core::is_letter(c) || core::is_digit(c) || c == '_' || c == ':' || c == '.' || c == '-';
}

// An entity with a number: &#39; or &#x27;. Its size; 0: there is none at the start of `text`.
size_t numbered_entity(std::string_view text) {
  if (text.substr(0, 2) != "&#") return 0;
  const size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 3) return 0;
  const bool hex = core::to_lower(text[2]) == 'x';
  for (size_t i = hex ? 3 : 2; i < end; ++i) {
    if (hex ? core::hex_value(text[i]) < 0 : !core::is_digit(text[i])) return 0;
  }
  return end + 1;
}

}  // namespace

const MarkupAttribute* MarkupToken::attribute(std::string_view wanted) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const MarkupAttribute& one) { return one.name == wanted; });
  return found == attributes.end() ? nullptr : &*found;
}

void Markup::fail(size_t at, std::string text) {
  faults_.add(at, std::move(text));
  failed_ = true;
  next_ = script_.size();
}

void Markup::skip_blanks() {
  while (next_ < script_.size() && is_blank(script_[next_])) ++next_;
}

std::string Markup::read_name() {
  const size_t begin = next_;
  while (next_ < script_.size() && is_xml_name(script_[next_])) ++next_;
  return script_.substr(begin, next_ - begin);
}

MarkupToken Markup::next() {
  MarkupToken token;
  token.kind = MarkupToken::Kind::text;
  token.at = next_;
  while (next_ < script_.size()) {
    if (script_[next_] != '<') {
      add_character(token.text);
    } else if (starts("<!--")) {
      if (!skip_comment()) break;
    } else if (starts("<![CDATA[")) {
      if (!read_data(token.text)) break;
    } else if (const size_t at = next_; begins_tag()) {
      if (!token.text.text.empty()) return token;
      return script_[next_ + 1] == '/' ? close_tag() : open_tag();
    } else if (next_ == at) {
      token.text.add('<', next_);
      ++next_;
    }
  }
  if (token.text.text.empty() || failed_) token.kind = MarkupToken::Kind::end;
  return token;
}

bool Markup::skip_comment() {
  const size_t end = script_.find("-->", next_ + 4);
  if (end == std::string::npos) {
    fail(next_, "the XML comment is not closed with -->");
    return false;
  }
  next_ = end + 3;
  return true;
}

bool Markup::read_data(SourceText& out) {
  constexpr size_t kOpen = 9;  // <![CDATA[
  const size_t end = script_.find("]]>", next_ + kOpen);
  if (end == std::string::npos) {
    fail(next_, "<![CDATA[ is not closed with ]]>");
    return false;
  }
  for (size_t place = next_ + kOpen; place < end; ++place) out.add(script_[place], place);
  next_ = end + 3;
  return true;
}

// One character of text or of an attribute.
void Markup::add_character(SourceText& out) {
  const char c = script_[next_];
  if (c == '&') {
    for (const auto& [entity, character] : kEntities) {
      if (!starts(entity)) continue;
      out.add(character, next_);
      next_ += entity.size();
      return;
    }
    const size_t size = numbered_entity(std::string_view(script_).substr(next_));
    if (size != 0) {
      faults_.add(next_,
                  fmt::format("{} is not read: write the character itself", script_.substr(next_, size)));
      next_ += size;
      return;
    }
  }
  out.add(c, next_);
  ++next_;
}

// The `name` of a <bind> that begins here.
void Markup::note_bound_name() {
  const std::string_view all = script_;
  const std::string_view tag = all.substr(next_, all.find('>', next_) - next_);
  for (const std::string_view begin : {"name=\"", "name='"}) {
    const size_t at = tag.find(begin);
    if (at == std::string_view::npos) continue;
    const std::string_view value = tag.substr(at + begin.size());
    bound_names_.emplace_back(core::trimmed(value.substr(0, value.find(begin.back())), kBlankCharacters));
  }
}

// A tag that is not read. What follows it is.
void Markup::skip_tag(std::string text) {
  faults_.add(next_, std::move(text));
  next_ = std::min(script_.find('>', next_), script_.size() - 1) + 1;
}

// Whether what is behind a tag's name can only be a tag: its end or an attribute.
bool Markup::is_tag_like(size_t after) const {
  const auto skip = [this](size_t place) {
    while (place < script_.size() && is_blank(script_[place])) ++place;
    return place;
  };
  size_t place = skip(after);
  const size_t begin = place;
  if (place == after) return false;
  while (place < script_.size() && is_xml_name(script_[place])) ++place;
  if (place == begin) return false;
  place = skip(place);
  if (place >= script_.size() || script_[place] != '=') return false;
  place = skip(place + 1);
  return place < script_.size() && (script_[place] == '"' || script_[place] == '\'');
}

// At a `<`. False where next_ stays: it is an operator.
bool Markup::begins_tag() {
  size_t place = next_ + 1;
  if (place < script_.size() && script_[place] == '/') return begins_close(place + 1);
  const size_t begin = place;
  while (place < script_.size() && is_xml_name(script_[place])) ++place;
  if (place == begin || core::is_digit(script_[begin])) return false;
  const std::string name = script_.substr(begin, place - begin);
  const bool ends = place == script_.size() || is_blank(script_[place]) || script_[place] == '>' ||
                    script_.compare(place, 2, "/>") == 0;
  if (is_tag(name)) return ends;
  const bool closed = place < script_.size() && !is_blank(script_[place]) && ends;
  const bool sure = closed || is_tag_like(place);
  if (const std::string_view instead = instead_of_tag(name); !instead.empty() && sure) {
    if (name == "bind") note_bound_name();
    skip_tag(fmt::format("<{}> is not read: {}", name, instead));
  } else if (is_tag(core::to_lower(name)) && sure) {
    fail(next_, fmt::format("tags are written in lower case: <{}>", core::to_lower(name)));
  } else if (is_tag_like(place) || (closed && name.size() > 2 && !near_tag(name).empty())) {
    fail(next_, fmt::format("unknown tag <{}>{}", name.substr(0, 40), meant_tag(name)));
  }
  return false;
}

bool Markup::begins_close(size_t name) {
  size_t end = name;
  while (end < script_.size() && is_xml_name(script_[end])) ++end;
  const std::string text = script_.substr(name, end - name);
  while (end < script_.size() && is_blank(script_[end])) ++end;
  if (is_tag(text)) return true;
  if (text.empty() || end >= script_.size() || script_[end] != '>') return false;
  const std::string_view instead = instead_of_tag(text);
  if (instead.empty()) {
    fail(next_, fmt::format("unknown tag </{}>{}", text.substr(0, 40), meant_tag(text)));
  } else {
    skip_tag(fmt::format("</{}> is not read: {}", text, instead));
  }
  return false;
}

MarkupToken Markup::close_tag() {
  MarkupToken tag;
  tag.kind = MarkupToken::Kind::close;
  tag.at = next_;
  next_ += 2;
  tag.name = read_name();
  skip_blanks();
  if (next_ < script_.size() && script_[next_] == '>') {
    ++next_;
  } else {
    fail(tag.at, fmt::format("</{}> is not closed with >", tag.name));
  }
  return tag;
}

MarkupToken Markup::open_tag() {
  MarkupToken tag;
  tag.kind = MarkupToken::Kind::open;
  tag.at = next_;
  ++next_;
  tag.name = read_name();
  for (;;) {
    skip_blanks();
    if (starts(">")) {
      ++next_;
      return tag;
    }
    if (starts("/>")) {
      next_ += 2;
      tag.empty = true;
      return tag;
    }
    if (!read_attribute(tag)) return tag;
  }
}

bool Markup::read_attribute(MarkupToken& tag) {
  MarkupAttribute attribute;
  attribute.at = next_;
  attribute.name = read_name();
  if (attribute.name.empty()) {
    fail(next_ < script_.size() ? next_ : tag.at,
         next_ < script_.size()
             ? fmt::format("<{}> has attributes alone, as in name=\"value\", and then >", tag.name)
             : fmt::format("<{}> is not closed with >", tag.name));
    return false;
  }
  skip_blanks();
  const bool equals = starts("=");
  if (equals) ++next_;
  skip_blanks();
  if (!equals || next_ >= script_.size() || (script_[next_] != '"' && script_[next_] != '\'')) {
    fail(attribute.at, fmt::format("write {}=\"...\" in <{}>", attribute.name, tag.name));
    return false;
  }
  if (tag.attribute(attribute.name) != nullptr)
    faults_.add(attribute.at, fmt::format("<{}> has \"{}\" twice", tag.name, attribute.name));
  const char quote = script_[next_];
  const size_t begin = next_++;
  while (next_ < script_.size() && script_[next_] != quote) add_character(attribute.value);
  if (next_ >= script_.size()) {
    fail(begin, fmt::format("\"{}\" of <{}> has no closing {}", attribute.name, tag.name, quote));
    return false;
  }
  ++next_;
  tag.attributes.push_back(std::move(attribute));
  return true;
}

}  // namespace tablegate::loader
