#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/secret_file.hpp"

namespace tablegate::loader {
namespace {

using Words = std::vector<std::string>;

struct GlobalOption {
  std::string_view name;
  std::string_view hidden;  // written in place of a value with a password, as the shell reads it
};

// Those that decide what a command works on.
constexpr std::array<GlobalOption, 4> kGlobals = {{{"--catalog", "\"${TABLEGATE_CATALOG:?}\""},
                                                   {"--mirror", "\"${TABLEGATE_MIRROR:?}\""},
                                                   {"--workspace", ""},
                                                   {"--gateway", ""}}};

// The place of "--option" or "--option=value" before "--"; the size where there is none.
size_t find_option(const Words& words, std::string_view option) {
  const std::string joined = std::string(option) + "=";
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == option || words[i].compare(0, joined.size(), joined) == 0) return i;
  }
  return words.size();
}

bool holds_password(const std::string& value) {
  const size_t at = value.find('@');
  const size_t scheme = value.find("://");
  const bool in_url =
      scheme != std::string::npos && at != std::string::npos && value.find(':', scheme + 3) < at;
  return in_url || value.find("password") != std::string::npos;
}

// What is written in place of the value that word `i` is or holds: a password in a connection string, a
// secret in place of its file. Empty: the word is shown as it is.
std::string_view hidden_value(const Words& words, size_t i, std::string& shown) {
  if (may_be_secret(words, i)) {
    const bool value = i > 0 && words[i - 1].find('=') == std::string::npos && words[i].rfind("--", 0) != 0;
    shown = value ? std::string() : words[i].substr(0, words[i].find('=') + 1);
    return "FILE";
  }
  for (const GlobalOption& option : kGlobals) {
    if (option.hidden.empty()) continue;
    const bool is_value = i > 0 && words[i - 1] == option.name;
    const bool joined = words[i].compare(0, option.name.size() + 1, std::string(option.name) + "=") == 0;
    if ((!is_value && !joined) || !holds_password(words[i])) continue;
    shown = joined ? std::string(option.name) + "=" : std::string();
    return option.hidden;
  }
  return {};
}

// In place of a word, or of the value of --option=value or csv:FILE.
void replace_word(Words& words, const std::string& word, const std::string& other) {
  for (std::string& typed : words) {
    const size_t before = typed.size() - std::min(typed.size(), word.size());
    const bool joined = before > 0 && (typed[before - 1] == '=' || typed[before - 1] == ':') &&
                        typed.compare(before, word.size(), word) == 0;
    if (typed != word && !joined) continue;
    typed.replace(typed.size() - word.size(), word.size(), other);
    return;
  }
}

std::string shell_text(const Words& words) {
  std::string text = "tablegate";
  for (size_t i = 0; i < words.size(); ++i) {
    std::string shown;
    const std::string_view hidden = hidden_value(words, i, shown);
    text += ' ';
    text += hidden.empty() ? shell_word(words[i]) : shown + std::string(hidden);
  }
  return text;
}

}  // namespace

Words CommandLine::again(const Hint& hint) const {
  Words words = words_;
  const auto end = [&words] { return std::find(words.begin(), words.end(), "--"); };
  for (const auto& [option, value] : hint.settings()) {
    const size_t at = find_option(words, option);
    if (at == words.size()) {
      words.insert(words.insert(end(), value), option);
    } else if (words[at] != option) {
      words[at] = fmt::format("{}={}", option, value);
    } else if (at + 1 < words.size()) {
      words[at + 1] = value;
    }
  }
  for (const auto& [word, other] : hint.replaced()) replace_word(words, word, other);
  for (const std::string& flag : hint.flags()) {
    if (find_option(words, flag) == words.size()) words.insert(end(), flag);
  }
  words.insert(end(), hint.words().begin(), hint.words().end());
  return words;
}

Words CommandLine::command(const Hint& hint) const {
  Words words = hint.words();
  for (const GlobalOption& option : kGlobals) {
    const size_t at = find_option(words_, option.name);
    if (at == words_.size() || find_option(words, option.name) != words.size()) continue;
    words.push_back(words_[at]);
    if (words_[at] == option.name && at + 1 < words_.size()) words.push_back(words_[at + 1]);
  }
  return words;
}

std::string CommandLine::text(const Hint& hint) const {
  const std::string before = hint.before().empty() ? std::string() : hint.before() + " ";
  switch (hint.kind()) {
    case Hint::Kind::again:
      return before + shell_text(again(hint));
    case Hint::Kind::command:
      return before + shell_text(command(hint));
    case Hint::Kind::program:
      return hint.before();
    case Hint::Kind::none:
      break;
  }
  return {};
}

}  // namespace tablegate::loader
