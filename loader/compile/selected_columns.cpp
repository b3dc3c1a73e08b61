#include "compile/selected_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "compile/program_nodes.hpp"
#include "core/manifest/types.hpp"
#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

bool is_utc(const std::string& zone) {
  return zone.empty() || zone == kDefaultTimeZone;
}

// Commas of functions have no space after them: ", " is between two items of the list only.

// All but the last 4 code points of {0} as stars; of a text of at most 4 all of them.
constexpr const char* kLast4 =
    "CASE WHEN char_length({0}) > 4 THEN repeat('*',char_length({0}) - 4) || right({0},4)"
    " ELSE repeat('*',char_length({0})) END";

// The first code point of {0}, three stars and the domain; all stars where there is not exactly one @, or
// nothing before it.
constexpr const char* kEmail =
    "CASE WHEN {0} LIKE '_%@%' AND {0} NOT LIKE '%@%@%'"
    " THEN left({0},1) || '***' || substr({0},strpos({0},'@')) ELSE repeat('*',char_length({0})) END";

class Selection {
 public:
  Selection(const TableInfo& source, CompiledApi& api) : source_(source), api_(api) {}

  void add(const ResponseParameter& from, const std::string& pointer) {
    CompiledColumn column;
    column.name = from.name;
    column.mask = from.mask.value_or("");
    if (!nodes_.empty()) text(", ");
    const std::string name = core::quote_identifier(from.column);
    if (!column.mask.empty()) {
      column.type = core::column_type_name(core::ColumnType::text);
      add_mask(column.mask, name, pointer);
    } else {
      column.type = core::column_type_name(source_.find(from.column)->type);
      column.as_string = from.as == "string";
      column.wall = column.type == "timestamptz" && !is_utc(source_.time_zone);
      text(name);
      if (column.wall)
        text(fmt::format(", {} AT TIME ZONE {}", name, core::quote_literal(source_.time_zone)));
    }
    api_.columns.push_back(std::move(column));
  }

  core::Nodes nodes() { return std::move(nodes_); }

 private:
  void text(const std::string& sql) { add_text(nodes_, sql); }

  // The number of the internal value, which all masks of the API share.
  uint32_t number_of(core::InternalValue::Kind kind) {
    std::vector<core::InternalValue>& values = api_.internal;
    const auto found = std::find_if(values.begin(), values.end(),
                                    [kind](const core::InternalValue& one) { return one.kind == kind; });
    const size_t place = static_cast<size_t>(found - values.begin());
    if (found == values.end()) values.push_back({kind, core::ColumnType::bytea});
    return static_cast<uint32_t>(api_.parameters.size() + place);
  }

  void add_mask(const std::string& mask, const std::string& name, const std::string& pointer) {
    if (mask == "null") return text("NULL::text");
    if (mask == "last4") return text(fmt::format(kLast4, name));
    if (mask == "email") return text(fmt::format(kEmail, name));
    if (mask != "hash")
      throw Refused(fmt::format("Api \"{}\": {}/mask: {} is not supported yet", api_.name, pointer, mask));
    // HMAC-SHA-256 (RFC 2104) in hex. The text of a value is what the pinned settings of the session make it.
    text("encode(sha256(");
    nodes_.push_back({core::ValueNode{number_of(core::InternalValue::Kind::mask_outer)}});
    text(" || sha256(");
    nodes_.push_back({core::ValueNode{number_of(core::InternalValue::Kind::mask_inner)}});
    text(fmt::format(" || convert_to({}::text,'UTF8'))),'hex')", name));
  }

  const TableInfo& source_;
  CompiledApi& api_;
  core::Nodes nodes_;
};

}  // namespace

core::Nodes selected_columns(const ApiDefinition& definition, const TableInfo& source, CompiledApi& api) {
  Selection selection(source, api);
  for (size_t i = 0; i < definition.response_parameters.size(); ++i)
    selection.add(definition.response_parameters[i], "/response_parameters" + pointer_token(i));
  return selection.nodes();
}

}  // namespace tablegate::loader
