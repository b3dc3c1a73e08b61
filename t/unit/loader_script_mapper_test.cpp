// The parameters that a mapper's <select> may have, and what has to change in it.
#include <string>
#include <vector>

#include "loader_testing.hpp"  // last: see there
#include "script/mapper_parameters.hpp"
#include "script/script.hpp"

using namespace tablegate;
using namespace tablegate::loader;

namespace {

// "ids:LONG_LIST? name:STRING": `?` where it is optional.
std::string guessed(const std::string& script) {
  std::string out;
  for (const RequestParameter& one : mapper_parameters(script, ""))
    out += (out.empty() ? "" : " ") + one.name + ":" + one.type_text() + (one.required ? "" : "?");
  return out;
}

}  // namespace

START_TEST(members_of_items_are_no_parameters) {
  const std::string text =
      "SELECT a FROM t WHERE a IN <foreach collection=\"users\" item=\"u\" open=\"(\" separator=\",\" "
      "close=\")\"><if test=\"u.age != null\">#{u.id}</if></foreach>";
  ck_text_eq(guessed(text), "users:STRING_LIST");
  std::vector<ScriptFault> faults;
  const std::vector<RequestParameter> parameters = mapper_parameters(text, "");
  read_script({text, parameters, false}, faults);
  bool named = false;
  for (const ScriptFault& fault : faults)
    named = named || fault_text(fault, "").find("\"u.id\" is a member of an item") != std::string::npos;
  ck_assert_msg(named, "%s", faults.empty() ? "no fault" : faults[0].text.c_str());
  // Behind the loop the name is one of a parameter.
  ck_text_eq(guessed("<foreach collection=\"l\" item=\"u\">#{u}</foreach> #{u.id}"),
             "l:STRING_LIST u.id:STRING");
}
END_TEST

START_TEST(names_that_end_as_a_property) {
  ck_text_eq(guessed("SELECT a FROM t <if test=\"q.page.size != null\">LIMIT #{q.page.size}</if>"),
             "q.page.size:LONG?");
  ck_text_eq(guessed("<if test=\"text.length > 3\">#{text}</if>"), "text:STRING?");
  ck_text_eq(guessed("<if test=\"ids.size > 0\">a IN #{ids}</if>"), "ids:STRING_LIST?");
  ck_text_eq(guessed("<if test=\"ids.size() > 0\">a IN #{ids}</if>"), "ids:STRING_LIST?");
  ck_text_eq(guessed("<if test=\"page.size.length() > 3\">#{page.size}</if>"), "page.size:STRING?");
}
END_TEST

START_TEST(numbers_of_rows) {
  ck_text_eq(guessed("LIMIT #{a} OFFSET ${b}"), "a:LONG b:LONG");
  ck_text_eq(guessed("SELECT nolimit #{a}"), "a:STRING");
  ck_text_eq(guessed("<if test=\"a > 1\">limit (#{a})</if>"), "a:LONG?");
}
END_TEST

TABLEGATE_SUITE("loader_script_mapper", members_of_items_are_no_parameters, names_that_end_as_a_property,
                numbers_of_rows);
