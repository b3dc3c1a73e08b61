#include "core/call/page.hpp"

#include <charconv>
#include <cstring>

#include "core/call/canonical_parameters.hpp"
#include "core/openssl.hpp"

namespace tablegate::core {

namespace {

Problem no_memory() {
  return {Slug::internal_error, {}, {}, "no_memory"};
}

Problem bad(PagePlace parameter, std::string_view detail) {
  return {Slug::invalid_parameter, kPageParameters[parameter].name, detail};
}

constexpr std::string_view kNumberDetail = "must be a whole number from 1 to 1000000";
static_assert(kMaxPageDepth == 1000000);

// Of a value that was checked against LONG.
int64_t number_of(const char* text) {
  int64_t number = 0;
  std::from_chars(text, text + std::strlen(text), number);
  return number;
}

const char* text_of(uint64_t number, Arena& arena) {
  constexpr size_t kRoom = 24;
  auto* const text = static_cast<char*>(arena.allocate(kRoom));
  if (text == nullptr) return nullptr;
  *std::to_chars(text, text + kRoom - 1, number).ptr = '\0';
  return text;
}

// Feeds lengths and bytes, so that two lists of texts with equal bytes are not taken for one.
class ConditionsHash {
 public:
  ConditionsHash() : context_(EVP_MD_CTX_new()) {
    good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }

  void number(uint64_t number) { add(&number, sizeof number); }
  void text(std::string_view text) {
    number(text.size());
    add(text.data(), text.size());
  }
  void absent() { number(UINT64_MAX); }
  bool finish(Digest& out) { return good_ && EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1; }

 private:
  void add(const void* bytes, size_t size) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes, size) == 1;
  }

  MdCtxPtr context_;
  bool good_ = false;
};

bool hash_conditions(const Api& api, const char* const* values, const BoundItems* items, Arena& arena,
                     Digest& out) {
  ConditionsHash hash;
  hash.number(api.id);
  hash.number(api.version);
  return add_parameters(api, api.pages.parameters, values, items, arena, hash) && hash.finish(out);
}

// A sort value in a cursor: the size of its text plus 1 in four bytes, lowest first, and the text; 0: NULL.
constexpr size_t kSizeBytes = 4;

void write_size(uint32_t size, char* out) {
  for (size_t i = 0; i < kSizeBytes; ++i) out[i] = static_cast<char>(size >> 8 * i & 255U);
}

uint32_t read_size(std::string_view bytes) {
  uint32_t size = 0;
  for (size_t i = 0; i < kSizeBytes; ++i)
    size |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << 8 * i;
  return size;
}

Problem bind_cursor(const Pages& pages, const BoundPage& page, const char* text, Arena& arena,
                    const char** keys) {
  if (pages.key_count == 0) return bad(kCursor, "is not available for this API: send pageNum");
  if (!pages.cursor_key->usable())
    return bad(kCursor, "is not available: this gateway has no key for cursors");
  const std::string_view content = open_cursor(*pages.cursor_key, page.conditions, text, arena);
  if (content.data() == nullptr || !read_cursor_content(content, pages.key_count, arena, keys))
    return bad(
        kCursor,
        "must be the nextCursor of a page with the same conditions, of the API as it is published now");
  return {};
}

}  // namespace

std::string_view page_detail(const Api& api, size_t parameter, std::string_view detail) {
  if (api.pages.max_size == 0 || parameter < api.pages.parameters) return detail;
  const size_t place = parameter - api.pages.parameters;
  if (place == kPageNum) return kNumberDetail;
  return place == kPageSize ? std::string_view(api.pages.size_detail) : detail;
}

Problem bind_page(const Api& api, const char** values, const BoundItems* items, Arena& arena,
                  BoundPage& page) {
  const Pages& pages = api.pages;
  const char* const* const given = values + pages.parameters;
  const int64_t number = given[kPageNum] == nullptr ? 1 : number_of(given[kPageNum]);
  const int64_t size = number_of(given[kPageSize]);  // has a default
  if (number < 1) return bad(kPageNum, kNumberDetail);
  if (size < 1 || size > pages.max_size) return bad(kPageSize, pages.size_detail);
  page.size = static_cast<uint32_t>(size);
  page.with_total = pages.total;
  if (given[kReturnTotalNum] != nullptr) {
    const bool wanted = given[kReturnTotalNum][0] == 't' || given[kReturnTotalNum][0] == '1';
    if (wanted && !pages.total)
      return bad(kReturnTotalNum, "must not be true: this API does not count its rows");
    page.with_total = wanted;
  }
  if (!hash_conditions(api, values, items, arena, page.conditions)) return no_memory();
  if (given[kCursor] != nullptr) {
    if (given[kPageNum] != nullptr) return bad(kCursor, "must not be given together with pageNum");
    page.number = 0;
    const Problem problem = bind_cursor(pages, page, given[kCursor], arena, values + pages.keys);
    if (problem) return problem;
  } else {
    page.number = static_cast<uint64_t>(number);
    // No product: the number may be any of 64 bits.
    if (page.number > kMaxPageDepth / page.size)
      return bad(kPageNum, pages.key_count == 0 ? "leads more than 1000000 rows deep: restrict the conditions"
                                                : "leads more than 1000000 rows deep: continue with cursor, "
                                                  "the nextCursor of a page");
    if (page.number > 1) {
      values[pages.offset] = text_of((page.number - 1) * page.size, arena);
      if (values[pages.offset] == nullptr) return no_memory();
    }
  }
  values[pages.rows] = text_of(page.size + 1, arena);
  if (values[pages.rows] == nullptr) return no_memory();
  if (pages.count != 0) page.count = values + pages.count;
  page.set_counting(page.with_total);
  return {};
}

std::string_view cursor_after(const Pages& pages, const BoundPage& page, const Cell* keys, Arena& arena) {
  size_t size = 0;
  for (size_t i = 0; i < pages.key_count; ++i) size += kSizeBytes + keys[i].size;
  auto* const content = static_cast<char*>(arena.allocate(size));
  if (content == nullptr) return {};
  char* out = content;
  for (size_t i = 0; i < pages.key_count; ++i) {
    const Cell& key = keys[i];
    write_size(key.data == nullptr ? 0 : static_cast<uint32_t>(key.size + 1), out);
    out += kSizeBytes;
    if (key.data == nullptr) continue;
    std::memcpy(out, key.data, key.size);
    out += key.size;
  }
  return seal_cursor(*pages.cursor_key, page.conditions, {content, static_cast<size_t>(out - content)},
                     arena);
}

bool read_cursor_content(std::string_view content, size_t count, Arena& arena, const char** values) {
  for (size_t i = 0; i < count; ++i) {
    if (content.size() < kSizeBytes) return false;
    const uint32_t size = read_size(content);
    content.remove_prefix(kSizeBytes);
    values[i] = nullptr;
    if (size == 0) continue;
    if (size - 1 > content.size()) return false;
    values[i] = arena.copy(content.substr(0, size - 1));
    if (values[i] == nullptr || std::strlen(values[i]) != size - 1) return false;
    content.remove_prefix(size - 1);
  }
  return content.empty();
}

}  // namespace tablegate::core
