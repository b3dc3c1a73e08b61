#include "core/call/call_digest.hpp"

#include <algorithm>

#include "core/call/canonical_parameters.hpp"
#include "core/call/page.hpp"

namespace tablegate::core {

namespace {

// Lengths and bytes, so that two lists of texts with equal bytes are not taken for one.
class Bytes {
 public:
  explicit Bytes(std::string& out) : out_(out) { out_.clear(); }

  void number(uint64_t number) { out_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void text(std::string_view text) {
    number(text.size());
    out_.append(text);
  }
  void absent() { number(UINT64_MAX); }

 private:
  std::string& out_;
};

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Its conditions are a digest already. The cursor is the text that the caller sent: each page has one.
void add_page(const Api& api, const BoundPage& page, const char* const* values, Bytes& bytes) {
  bytes.text(view(page.conditions));
  bytes.number(page.number);
  bytes.number(page.size);
  bytes.number(page.with_total ? 1 : 0);
  const char* const cursor = values[api.pages.parameters + kCursor];
  bytes.text(cursor == nullptr ? "" : cursor);
  const CursorKey& key = *api.pages.cursor_key;  // of the next page's cursor
  if (key.usable()) bytes.text(view(key.nonce_key()));
}

}  // namespace

bool CallDigests::make(const Api& api, const BoundValues& bound, uint64_t format, Arena& arena,
                       CallDigest& out) {
  Bytes bytes(bytes_);
  bytes.number(format);
  if (bound.page != nullptr) {
    add_page(api, *bound.page, bound.values, bytes);
  } else {
    bytes.number(api.id);
    bytes.number(api.version);
    if (!add_parameters(api, api.parameters.size(), bound.values, bound.items, arena, bytes)) return false;
  }
  for (const InternalValue& value : api.internal) {
    if (value.fixed != nullptr) bytes.text(value.fixed);  // a mask's key
  }
  Digest digest;
  if (!sha256_.digest(bytes_, digest)) return false;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return true;
}

}  // namespace tablegate::core
