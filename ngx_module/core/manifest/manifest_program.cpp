#include "core/manifest/manifest_program.hpp"

#include <string>

namespace tablegate::core {

namespace {

// `left`: how many nodes the program may still have, so that a hostile manifest takes no memory for more.
Nodes read_nodes(ObjectReader& in, const char* name, size_t depth, size_t& left);

// A parameter by its place, or a level.
uint32_t read_place(ObjectReader& in, const char* name) {
  return static_cast<uint32_t>(in.integer(name, 0, UINT32_MAX));
}

Condition read_condition(ObjectReader& in, const char* name) {
  Condition out;
  in.object(name, [&out](ObjectReader& condition) { out.present = read_place(condition, "present"); });
  return out;
}

IfNode read_if(ObjectReader& in, const char* name, size_t depth, size_t& left) {
  const Condition condition = read_condition(in, name);
  return {condition, read_nodes(in, "then", depth, left)};
}

ChooseNode read_choose(ObjectReader& in, size_t depth, size_t& left) {
  ChooseNode out;
  in.objects("choose",
             [&](ObjectReader& item) { out.whens.push_back(read_if(item, "when", depth + 1, left)); });
  if (in.has("otherwise")) out.otherwise = read_nodes(in, "otherwise", depth, left);
  return out;
}

TrimNode read_trim(ObjectReader& in, size_t depth, size_t& left) {
  TrimNode out;
  out.content = read_nodes(in, "trim", depth, left);
  if (in.has("prefix")) out.prefix = in.string("prefix");
  if (in.has("suffix")) out.suffix = in.string("suffix");
  if (in.has("prefix_overrides")) out.prefix_overrides = in.strings("prefix_overrides");
  if (in.has("suffix_overrides")) out.suffix_overrides = in.strings("suffix_overrides");
  return out;
}

ForeachNode read_foreach(ObjectReader& in, size_t depth, size_t& left) {
  ForeachNode out;
  out.parameter = read_place(in, "parameter");
  out.content = read_nodes(in, "foreach", depth, left);
  if (in.has("open")) out.open = in.string("open");
  if (in.has("close")) out.close = in.string("close");
  if (in.has("separator")) out.separator = in.string("separator");
  if (in.has("pad")) out.pad = in.boolean("pad");
  return out;
}

Node read_node(ObjectReader& in, size_t depth, size_t& left) {
  if (in.has("table")) return {TableNode{in.string("table")}};
  if (in.has("generation")) return {GenerationNode{in.string("generation")}};
  if (in.has("value")) return {ValueNode{read_place(in, "value")}};
  if (in.has("list")) return {ListNode{read_place(in, "list")}};
  if (in.has("item")) return {ItemNode{read_place(in, "item")}};
  if (in.has("if")) return {read_if(in, "if", depth, left)};
  if (in.has("choose")) return {read_choose(in, depth, left)};
  if (in.has("where")) return {WhereNode{read_nodes(in, "where", depth, left)}};
  if (in.has("trim")) return {read_trim(in, depth, left)};
  if (in.has("foreach")) return {read_foreach(in, depth, left)};
  in.fail({"is no node that this module knows", in.pointer()});
  return {};
}

// `depth`: of the list, 0 for the outermost.
Nodes read_nodes(ObjectReader& in, const char* name, size_t depth, size_t& left) {
  Nodes out;
  if (depth > kMaxNodeDepth) {
    in.fail(name, "is nested too deeply");
    return out;
  }
  const auto room = [&] {
    if (left > 0) return left-- > 0;
    in.fail({"is one node too many", in.pointer() + "/" + name + "/" + std::to_string(out.size())});
    return false;
  };
  in.strings_or_objects(
      name,
      [&](std::string text) {
        if (room()) out.push_back({TextNode{std::move(text)}});
      },
      [&](ObjectReader& item) {
        if (room()) out.push_back(read_node(item, depth + 1, left));
      });
  return out;
}

}  // namespace

Program read_program(ObjectReader& in, const char* name, const std::vector<Parameter>& parameters,
                     const std::vector<InternalValue>& internal) {
  size_t left = kMaxNodes;
  Nodes nodes = read_nodes(in, name, 0, left);
  if (nodes.empty()) in.fail(name, "must not be empty");
  std::vector<PlaceholderType> types;
  types.reserve(parameters.size() + internal.size());
  for (const Parameter& parameter : parameters) {
    const uint32_t type = column_type_oid(parameter.column_type);
    parameter.list ? types.emplace_back(array_type_oid(parameter.column_type), type)
                   : types.emplace_back(type);
  }
  for (const InternalValue& value : internal) types.emplace_back(column_type_oid(value.type));
  Result<Program> program = Program::build(std::move(nodes), std::move(types));
  if (program) return std::move(*program);
  in.fail({program.error().message, in.pointer() + "/" + name + program.error().where});
  return {};
}

}  // namespace tablegate::core
