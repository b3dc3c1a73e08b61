#include "core/manifest/manifest_program.hpp"

namespace tablegate::core {

namespace {

Nodes read_nodes(ObjectReader& in, const char* name, size_t depth);

Condition read_condition(ObjectReader& in, const char* name) {
  Condition out;
  in.object(name, [&out](ObjectReader& condition) {
    out.present = static_cast<uint32_t>(condition.integer("present", 0, UINT32_MAX));
  });
  return out;
}

IfNode read_if(ObjectReader& in, const char* name, size_t depth) {
  const Condition condition = read_condition(in, name);
  return {condition, read_nodes(in, "then", depth)};
}

ChooseNode read_choose(ObjectReader& in, size_t depth) {
  ChooseNode out;
  in.objects("choose", [&](ObjectReader& item) { out.whens.push_back(read_if(item, "when", depth + 1)); });
  if (in.has("otherwise")) out.otherwise = read_nodes(in, "otherwise", depth);
  return out;
}

TrimNode read_trim(ObjectReader& in, size_t depth) {
  TrimNode out;
  out.content = read_nodes(in, "trim", depth);
  if (in.has("prefix")) out.prefix = in.string("prefix");
  if (in.has("suffix")) out.suffix = in.string("suffix");
  if (in.has("prefix_overrides")) out.prefix_overrides = in.strings("prefix_overrides");
  if (in.has("suffix_overrides")) out.suffix_overrides = in.strings("suffix_overrides");
  return out;
}

Node read_node(ObjectReader& in, size_t depth) {
  if (in.has("table")) return {TableNode{in.string("table")}};
  if (in.has("value")) return {ValueNode{static_cast<uint32_t>(in.integer("value", 0, UINT32_MAX))}};
  if (in.has("if")) return {read_if(in, "if", depth)};
  if (in.has("choose")) return {read_choose(in, depth)};
  if (in.has("where")) return {WhereNode{read_nodes(in, "where", depth)}};
  if (in.has("trim")) return {read_trim(in, depth)};
  in.fail({"is no node that this module knows", in.pointer()});
  return {};
}

// `depth`: of the list, 0 for the outermost.
Nodes read_nodes(ObjectReader& in, const char* name, size_t depth) {
  Nodes out;
  if (depth > kMaxNodeDepth) {
    in.fail(name, "is nested too deeply");
    return out;
  }
  in.strings_or_objects(
      name, [&out](std::string text) { out.push_back({TextNode{std::move(text)}}); },
      [&out, depth](ObjectReader& item) { out.push_back(read_node(item, depth + 1)); });
  return out;
}

}  // namespace

Program read_program(ObjectReader& in, const char* name, const std::vector<Parameter>& parameters) {
  Nodes nodes = read_nodes(in, name, 0);
  if (nodes.empty()) in.fail(name, "must not be empty");
  std::vector<uint32_t> types;
  types.reserve(parameters.size());
  for (const Parameter& parameter : parameters) types.push_back(column_type_oid(parameter.column_type));
  Result<Program> program = Program::build(std::move(nodes), std::move(types));
  if (program) return std::move(*program);
  in.fail({program.error().message, in.pointer() + "/" + name + program.error().where});
  return {};
}

}  // namespace tablegate::core
