#include "core/answer/query_address.hpp"

#include <algorithm>

#include "core/call/given_values.hpp"
#include "core/call/unknown_parameters.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// All but letters, digits and the bytes of `kept` are percent-encoded.
void append_encoded(std::string& to, std::string_view text, std::string_view kept) {
  for (const char c : text) {
    if (is_letter_or_digit(c) || kept.find(c) != std::string_view::npos) {
      to += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    to.append({'%', kLowerHex[byte >> 4U], kLowerHex[byte & 15U]});
  }
}

// Appends a plain text as one value: unreserved characters (RFC 3986 section 2.3) stay.
void append_value(std::string& to, std::string_view text) {
  append_encoded(to, text, "-._~");
}

// Writes the query of an address. Each function returns false where there is no address.
class AddressQuery {
 public:
  AddressQuery(const Api& api, const RequestData& request, GivenValues& given)
      : api_(api), request_(request), given_(given) {}

  // Of the URL or of a form.
  bool add_pairs(std::string_view pairs) {
    given_.look_in(ParameterPlace::query);
    for (size_t at = 0; at < pairs.size();) {
      const size_t end = std::min(pairs.find('&', at), pairs.size());
      const std::string_view pair = pairs.substr(at, end - at);
      const std::string_view name = pair.substr(0, pair.find('='));
      at = end + 1;
      if (pair.empty() || !is_known(name)) continue;
      if (pair.size() > kMaxAddress || is_credential(api_, request_, name)) return false;
      next();
      append_encoded_text(text_, pair);
      if (text_.size() > kMaxAddress) return false;
    }
    return true;
  }

  bool add_members() {
    for (size_t i = 0; i < api_.parameters.size(); ++i) {
      const FlatMember* const member = given_[i].member;
      if (member == nullptr || member->kind == FlatMember::Kind::null) continue;
      next();
      const size_t name = text_.size();
      append_value(text_, api_.parameters[i].name);
      if (is_credential(api_, request_, std::string_view(text_).substr(name))) return false;
      text_ += '=';
      if (!(member->is_list() ? add_items(*member) : add_value(member->text)) || text_.size() > kMaxAddress)
        return false;
    }
    return true;
  }

  const std::string& text() const { return text_; }

 private:
  void next() {
    if (!text_.empty()) text_ += '&';
  }

  bool is_known(std::string_view name) const {
    return given_.has_parameter(name) ||
           (api_.version_key.in == VersionKey::In::query && query_text_is(name, api_.version_key.name));
  }

  bool add_value(std::string_view value) {
    if (value.size() > kMaxAddress) return false;
    append_value(text_, value);
    return true;
  }

  // In a query the items of a list are split at commas.
  bool add_items(const FlatMember& list) {
    const FlatObject& object = given_.object();
    const FlatMember* const end = object.members + object.count;
    const FlatMember* const first = &list + 1;
    if (first == end || !first->element) return false;
    for (const FlatMember* item = first; item != end && item->element; ++item) {
      if (item != first) text_ += ',';
      if (item->text.find(',') != std::string_view::npos || !add_value(item->text) ||
          text_.size() > kMaxAddress)
        return false;
    }
    return true;
  }

  const Api& api_;
  const RequestData& request_;
  GivenValues& given_;
  std::string text_;
};

}  // namespace

void append_encoded_text(std::string& to, std::string_view text) {
  append_encoded(to, text, "-._~!$&'()*+,;=:@/?%");
}

std::string get_address(const Api& api, const RequestData& request, Arena& arena) {
  const std::string_view path = request.target.substr(0, request.target.find_first_of("?#"));
  // "//host/..." is an address at another host.
  if (path.empty() || path[0] != '/' || path.substr(0, 2) == "//" || path.size() > kMaxAddress) return {};
  GivenValues given(api, arena);
  if (given.read(request)) return {};
  AddressQuery query(api, request, given);
  if (!query.add_pairs(request.query) || !query.add_pairs(given.form()) || !query.add_members()) return {};
  std::string address;
  append_encoded_text(address, path);
  if (!query.text().empty()) address.append("?").append(query.text());
  return address.size() > kMaxAddress ? std::string() : address;
}

}  // namespace tablegate::core
