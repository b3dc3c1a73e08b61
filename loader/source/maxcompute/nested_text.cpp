#include "source/maxcompute/nested_text.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "source/maxcompute/maxcompute_value.hpp"
#include "source/time_text.hpp"

namespace tablegate::loader {
namespace {

using Value = rapidjson::Value;

// Numbers are kept as text, so that no digit is lost; parsing is iterative, so that depth cannot overflow the
// stack.
constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                                 rapidjson::kParseValidateEncodingFlag;

std::string_view view(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

bool is_text(const DdlType& type) {
  return type.name == "string" || type.name == "varchar" || type.name == "char";
}

void append_string(std::string_view text, std::string& out) {
  MaxComputeType string;  // STRING
  RecordValue value;
  value.null = false;
  value.bytes = text;
  append_json(string, value, out);
}

[[noreturn]] void refuse(std::string_view text, const DdlType& type) {
  throw BadValue(fmt::format("holds \"{}\" where {} is expected", text.substr(0, 100), type.name));
}

class Unwrapper {
 public:
  Unwrapper(const std::string& null, std::string& out) : null_(null), out_(out) {}

  void write_text(std::string_view text, const DdlType& type) {
    rapidjson::Document document;
    document.Parse<kParseFlags>(text.data(), text.size());
    if (document.HasParseError()) throw BadValue(fmt::format("is not JSON of type {}", type.name));
    write_children(document, type);
  }

 private:
  void write(const Value& value, const DdlType& type) {
    if (is_null(value, type)) {
      out_ += "null";
    } else if (type.children.empty()) {
      write_scalar(value, type);
    } else if (value.IsString()) {
      write_text(view(value), type);  // JSON inside a string
    } else {
      write_children(value, type);
    }
  }

  bool is_null(const Value& value, const DdlType& type) const {
    if (value.IsNull()) return true;
    if (!value.IsString()) return false;
    const std::string_view text = view(value);
    return text.empty() ? !is_text(type) : !null_.empty() && text == null_;
  }

  void write_children(const Value& value, const DdlType& type) {
    if (type.name == "array" && value.IsArray()) {
      write_array(value, type);
    } else if (type.name == "map" && value.IsObject()) {
      write_map(value, type);
    } else if (type.name == "struct" && value.IsObject()) {
      write_struct(value, type);
    } else {
      throw BadValue(fmt::format("is not JSON of type {}", type.name));
    }
  }

  void write_array(const Value& value, const DdlType& type) {
    out_ += '[';
    bool first = true;
    for (const auto& item : value.GetArray()) {
      if (!first) out_ += ',';
      first = false;
      write(item, type.children[0]);
    }
    out_ += ']';
  }

  void write_map(const Value& value, const DdlType& type) {
    out_ += '{';
    bool first = true;
    for (const auto& member : value.GetObject()) {
      if (!first) out_ += ',';
      first = false;
      append_string(view(member.name), out_);
      out_ += ':';
      write(member.value, type.children[1]);
    }
    out_ += '}';
  }

  // Names of fields are case-insensitive.
  void write_struct(const Value& value, const DdlType& type) {
    out_ += '{';
    size_t known = 0;
    for (size_t i = 0; i < type.fields.size(); ++i) {
      if (i > 0) out_ += ',';
      append_string(type.fields[i], out_);
      out_ += ':';
      const auto found = std::find_if(value.MemberBegin(), value.MemberEnd(), [&](const auto& member) {
        return core::to_lower(std::string(view(member.name))) == core::to_lower(type.fields[i]);
      });
      if (found == value.MemberEnd()) {
        out_ += "null";
        continue;
      }
      ++known;
      write(found->value, type.children[i]);
    }
    if (known != value.MemberCount()) throw BadValue("has fields that its STRUCT does not have");
    out_ += '}';
  }

  void write_scalar(const Value& value, const DdlType& type) {
    if (type.name == "json") return write_json(value, type);
    const std::string text = value.IsBool()     ? (value.GetBool() ? "true" : "false")
                             : value.IsString() ? std::string(view(value))
                                                : std::string();
    if (!value.IsBool() && !value.IsString())
      throw BadValue(fmt::format("holds a nested value where {} is expected", type.name));
    if (type.name == "boolean") {
      const std::string word = core::to_lower(text);
      if (word != "true" && word != "false") refuse(text, type);
      out_ += word;
    } else if (is_whole(type)) {
      if (!is_number(text, false)) refuse(text, type);
      out_ += text;
    } else if (type.name == "float" || type.name == "double" || type.name == "decimal") {
      const bool special =
          type.name != "decimal" && (text == "NaN" || text == "Infinity" || text == "-Infinity");
      if (special)
        append_string(text, out_);
      else if (is_number(text, true))
        out_ += text;
      else
        refuse(text, type);
    } else {
      check_time(text, type);
      append_string(text, out_);  // texts, bytes and times, as they are in the file
    }
  }

  static void check_time(const std::string& text, const DdlType& type) {
    if (type.name == "date") check_iso_time(text, TimeKind::date);
    if (type.name == "timestamp_ntz") check_iso_time(text, TimeKind::local);
    if (type.name == "datetime" || type.name == "timestamp") check_iso_time(text, TimeKind::instant);
  }

  // A JSON value as text, whole.
  void write_json(const Value& value, const DdlType& type) {
    if (!value.IsString()) throw BadValue("holds a JSON value that is not a string");
    rapidjson::Document whole;
    whole.Parse<kParseFlags>(value.GetString(), value.GetStringLength());
    if (whole.HasParseError()) refuse(view(value), type);
    out_ += view(value);
  }

  static bool is_whole(const DdlType& type) {
    return type.name == "tinyint" || type.name == "smallint" || type.name == "int" ||
           type.name == "integer" || type.name == "bigint";
  }

  // As JSON writes numbers.
  static bool is_number(std::string_view text, bool fraction) {
    size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
    const auto digits = [&] {
      const size_t first = at;
      while (at < text.size() && core::is_digit(text[at])) ++at;
      return at - first;
    };
    const size_t first = at;
    const size_t whole = digits();
    if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
    if (fraction && at < text.size() && text[at] == '.') {
      ++at;
      if (digits() == 0) return false;
    }
    if (fraction && at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      ++at;
      if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
      if (digits() == 0) return false;
    }
    return at == text.size();
  }

  const std::string& null_;
  std::string& out_;
};

}  // namespace

std::string unwrap_nested(std::string_view text, const DdlType& type, const std::string& null) {
  std::string out;
  Unwrapper(null, out).write_text(text, type);
  return out;
}

}  // namespace tablegate::loader
