#include "script/sql_tree.hpp"

#include <pg_query.h>
#include <pthread.h>

#include <memory>

namespace tablegate::loader {

namespace {

// The parser writes its tree by recursion, about 150 bytes of stack a level: a text of kMaxSqlSize can have
// one level in two bytes. Pages of a stack that nothing touches cost nothing.
constexpr size_t kParserStack = size_t{64} << 20U;

struct Parsing {
  const char* sql = nullptr;
  PgQueryParseResult result{};
};

// Runs the parser in a thread, whose stack is as large as it needs whatever limit the process has.
bool run_parser(Parsing& parsing) noexcept {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread{};
  const bool started = pthread_attr_setstacksize(&attributes, kParserStack) == 0 &&
                       pthread_create(
                           &thread, &attributes,
                           [](void* data) -> void* {
                             auto* work = static_cast<Parsing*>(data);
                             work->result = pg_query_parse(work->sql);
                             return nullptr;
                           },
                           &parsing) == 0;
  pthread_attr_destroy(&attributes);
  return started && pthread_join(thread, nullptr) == 0;
}

// The byte of a character, both from 0.
size_t byte_of(std::string_view text, size_t character) {
  size_t at = 0;
  while (at < text.size() && character > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    --character;
  }
  return at;
}

}  // namespace

std::optional<SqlFault> parse_sql(const std::string& sql, JsonDocument& tree) {
  if (sql.size() > kMaxSqlSize)
    return SqlFault{0, "the statement has " + std::to_string(sql.size()) + " bytes; at most " +
                           std::to_string(kMaxSqlSize) + " are allowed"};
  Parsing parsing{sql.c_str()};
  if (!run_parser(parsing)) return SqlFault{0, "there is no memory to read the statement"};
  const std::unique_ptr<Parsing, void (*)(Parsing*)> owner(
      &parsing, [](Parsing* done) { pg_query_free_parse_result(done->result); });
  if (const PgQueryError* error = parsing.result.error) {
    const auto character = static_cast<size_t>(error->cursorpos > 0 ? error->cursorpos - 1 : 0);
    SqlFault fault{byte_of(sql, character), error->message, true};
    if (fault.text.find("memory exhausted") != std::string::npos) fault.text = "is nested too deeply";
    return fault;
  }
  tree.Parse<rapidjson::kParseIterativeFlag>(parsing.result.parse_tree);
  if (tree.HasParseError() || !tree.IsObject()) return SqlFault{0, "the statement cannot be read"};
  return std::nullopt;
}

SqlNode parse_node(const JsonValue& value) {
  if (!value.IsObject() || value.MemberCount() != 1) return {};
  const auto member = value.MemberBegin();
  if (!member->value.IsObject()) return {};
  return {json_string(member->name), &member->value};
}

SqlNode sql_child(const JsonValue& members, const char* name) {
  const auto found = members.FindMember(name);
  return found == members.MemberEnd() ? SqlNode{} : parse_node(found->value);
}

SqlItems sql_items(const JsonValue& members, const char* name) {
  const auto found = members.FindMember(name);
  if (found == members.MemberEnd() || !found->value.IsArray()) return {};
  return {found->value.Begin(), found->value.End()};
}

std::string_view sql_text(const JsonValue& node) {
  const SqlNode string = parse_node(node);
  if (string.kind != "String") return {};
  const auto found = string.members->FindMember("sval");
  return found == string.members->MemberEnd() || !found->value.IsString() ? std::string_view{}
                                                                          : json_string(found->value);
}

int sql_number(const JsonValue& members, const char* name, int otherwise) {
  const auto found = members.FindMember(name);
  return found != members.MemberEnd() && found->value.IsInt() ? found->value.GetInt() : otherwise;
}

bool sql_flag(const JsonValue& members, const char* name) {
  const auto found = members.FindMember(name);
  return found != members.MemberEnd() && found->value.IsBool() && found->value.GetBool();
}

}  // namespace tablegate::loader
