// Accept headers: lines of the input are the values of several headers. What is
// chosen is one of the offers, several headers choose what one with all of them
// does, and a media range that is added at the end with weight 0 for nothing that
// is offered changes nothing.
#include <cstdint>
#include <string>
#include <vector>

#include "core/call/accept.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

class Lines final : public HeaderSource {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  void visit(Visitor& visitor) const override {
    for (const std::string& line : lines_) visitor.header("Accept", line);
  }

 private:
  std::vector<std::string> lines_;
};

FormatList list_of(uint8_t choice) {
  FormatList list = FormatList::none();
  for (uint8_t i = 0; i < 3; ++i, choice = static_cast<uint8_t>(choice / 3))
    list.add(static_cast<Format>(choice % 3));
  return list;
}

// Whether a quoted string at the end of the text has no end, so that it would swallow what follows.
bool is_open(const std::string& text) {
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == '\\' && quoted) ++at;
  }
  return quoted;
}

void check_offers(const Lines& lines) {
  Negotiation accept({"application/json", "text/plain", "text/html"});
  lines.visit(accept);
  const size_t best = accept.best();
  INVARIANT(best < 3);
  for (size_t i = 0; i < 3; ++i) {
    INVARIANT(accept.weight(i) >= 0 && accept.weight(i) <= 1000);
    INVARIANT(accept.weight(i) <= accept.weight(best));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const FormatList formats = list_of(data[0]);
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> lines;
  std::string joined;
  bool open = false;
  while (!text.empty()) {
    lines.emplace_back(tablegate::fuzz::next_line(text));
    joined += (joined.empty() ? "" : ",") + lines.back();
    open = open || is_open(lines.back());
  }
  const Lines several(lines);
  const std::optional<Format> chosen = choose_format(formats, &several);
  INVARIANT(!chosen || formats.has(*chosen));
  check_offers(several);
  if (open) return 0;
  const Lines one({joined});
  INVARIANT(choose_format(formats, &one) == chosen);
  INVARIANT(choose_error_form(one) == choose_error_form(several));
  Negotiation accept({"application/json"});
  several.visit(accept);
  if (!accept.asked()) INVARIANT(chosen == formats.front());
  const Lines more({joined, "image/png;q=0"});
  if (accept.asked()) INVARIANT(choose_format(formats, &more) == chosen);
  return 0;
}
