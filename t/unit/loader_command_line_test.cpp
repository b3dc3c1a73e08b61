// A hint becomes a command line: all that was typed is kept, what is missing is
// added, and no password or secret is repeated. What CLI11 says is put in our words.

#include "cli/command_line.hpp"
#include "cli/cut_text.hpp"
#include "cli/usage_words.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

std::string text(const std::vector<std::string>& words, const Hint& hint) {
  return CommandLine(words, "tablegate api publish").text(hint);
}

START_TEST(again_keeps_all_arguments) {
  const std::vector<std::string> words = {"api", "publish", "Query User", "--version", "2", "--weight=10"};
  ck_text_eq(text(words, Hint::again()), "tablegate api publish 'Query User' --version 2 --weight=10");
  ck_text_eq(text(words, Hint::again().flag("--breaking")),
             "tablegate api publish 'Query User' --version 2 --weight=10 --breaking");
  ck_text_eq(text({"deploy", "-f", "x", "--yes"}, Hint::again().flag("--yes").flag("--breaking")),
             "tablegate deploy -f x --yes --breaking");
  ck_text_eq(text({"api", "test", "--", "-x"}, Hint::again().add("--param", "a=VALUE")),
             "tablegate api test --param a=VALUE -- -x");
  ck_text_eq(text({}, Hint()), "");
}
END_TEST

START_TEST(again_replaces_values) {
  ck_text_eq(text({"audit", "--since", "x", "-n", "5"}, Hint::again().set("--since", "24h")),
             "tablegate audit --since 24h -n 5");
  ck_text_eq(text({"audit", "--since=x"}, Hint::again().set("--since", "24h")),
             "tablegate audit --since=24h");
  ck_text_eq(text({"audit"}, Hint::again().set("--since", "24h")), "tablegate audit --since 24h");
  ck_text_eq(text({"get", "tabel"}, Hint::again().replace("tabel", "table")), "tablegate get table");
  ck_text_eq(text({"table", "load", "t", "--partition", "a=1", "--partition=b"},
                  Hint::again().replace("b", "b=VALUE")),
             "tablegate table load t --partition a=1 --partition=b=VALUE");
}
END_TEST

START_TEST(another_verb_keeps_global_options) {
  const std::vector<std::string> words = {"--workspace", "demo",        "api", "publish",
                                          "X",           "--gateway=g", "-o",  "json"};
  ck_text_eq(text(words, Hint::command({"api", "versions", "it's"})),
             "tablegate api versions 'it'\\''s' --workspace demo --gateway=g");
  ck_text_eq(text(words, Hint::command({"init", "--workspace", "other"})),
             "tablegate init --workspace other --gateway=g");
  ck_text_eq(text(words, Hint::program("chmod 600 x")), "chmod 600 x");
  ck_text_eq(text({"table", "load", "t"}, Hint::again().set("--from", "csv:-").after("xz -dc f |")),
             "xz -dc f | tablegate table load t --from csv:-");
}
END_TEST

START_TEST(passwords_are_not_repeated) {
  const Hint again = Hint::again();
  ck_text_eq(text({"api", "list", "--catalog", "host=a password=b"}, again),
             "tablegate api list --catalog \"${TABLEGATE_CATALOG:?}\"");
  ck_text_eq(text({"api", "list", "--mirror=postgresql://u:p@h/d"}, again),
             "tablegate api list --mirror=\"${TABLEGATE_MIRROR:?}\"");
  ck_text_eq(text({"api", "list", "--catalog", "postgresql://u@h/d"}, again),
             "tablegate api list --catalog postgresql://u@h/d");
}
END_TEST

START_TEST(secrets_in_place_of_files_are_not_repeated) {
  const Hint again = Hint::again();
  ck_text_eq(text({"api", "call", "X", "--credential", "tg_secret", "--param", "a=1"}, again),
             "tablegate api call X --credential FILE --param a=1");
  ck_text_eq(text({"consumer", "add-key", "c", "--from-file=tg_secret=="}, again),
             "tablegate consumer add-key c --from-file=FILE");
  ck_text_eq(text({"api", "call", "X", "--credential", "/base64+secret=="}, again),
             "tablegate api call X --credential FILE");
  ck_text_eq(text({"api", "call", "X", "--credential", "base64/secret=="}, again),
             "tablegate api call X --credential FILE");
  for (const char* file : {"/dev/null", "-", "/dev/no-such-file", "./key.txt"})
    ck_text_eq(text({"api", "call", "X", "--credential", file}, again),
               std::string("tablegate api call X --credential ") + file);
}
END_TEST

START_TEST(wrong_usage_in_plain_words) {
  ck_text_eq(plain_usage("Exactly 1 option from [--api,--rest-api] is required"),
             "one of --api and --rest-api is required");
  ck_text_eq(plain_usage("Exactly 1 option from [--a,--b,--c] is required and 2 were given"),
             "only one of --a, --b and --c can be given");
  ck_text_eq(plain_usage("--domain excludes --no-domain"),
             "--domain and --no-domain cannot be given together");
  ck_text_eq(plain_usage("--type: must be api_key or hmac, not \"x\""),
             "--type must be api_key or hmac, not \"x\"");
  ck_text_eq(plain_usage("--param: 1 required K=V missing"), "--param requires a value (K=V)");
  ck_text_eq(plain_usage("Could not convert: --batch = x"), "--batch must be a number, not \"x\"");
  ck_text_eq(plain_usage("--version: At Most 1 required but received 2"),
             "--version is given more than once");
  ck_text_eq(plain_usage("-q was given a disallowed flag override"), "-q takes no value");
  ck_text_eq(plain_usage("NAME is required"), "NAME is required");
}
END_TEST

START_TEST(cut_texts_have_no_half_of_a_character) {
  ck_text_eq(std::string(cut_text("abc", 3)), "abc");
  ck_text_eq(std::string(cut_text("abcd", 3)), "abc");
  ck_text_eq(std::string(cut_text("na\u00efve", 3)), "na");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_command_line", again_keeps_all_arguments, again_replaces_values,
                another_verb_keeps_global_options, passwords_are_not_repeated,
                secrets_in_place_of_files_are_not_repeated, wrong_usage_in_plain_words,
                cut_texts_have_no_half_of_a_character);
