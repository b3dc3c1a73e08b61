// A hint becomes a command line: all that was typed is kept, what is missing is
// added, and no password is repeated.

#include "cli/command_line.hpp"

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

}  // namespace

TABLEGATE_SUITE("loader_command_line", again_keeps_all_arguments, again_replaces_values,
                another_verb_keeps_global_options, passwords_are_not_repeated);
