#include "core/manifest/manifest_program.hpp"

#include <string>
#include <utility>

namespace tablegate::core {

namespace {

// `left`: how many nodes the program may still have, so that a hostile manifest takes no memory for more.
Nodes read_nodes(ObjectReader& in, const char* name, size_t depth, size_t& left);

// A parameter by its place, or a level.
uint32_t read_place(ObjectReader& in, const char* name) {
  return static_cast<uint32_t>(in.integer(name, 0, UINT32_MAX));
}

// `depth`: of the expression, 0 for the outermost. How many operands an expression has and what it may read
// is for Program::build() to check.
Expression read_operand(ObjectReader& in, size_t depth, size_t& left) {
  using Kind = Expression::Kind;
  Expression out;
  if (depth == kMaxExpressionDepth || left == 0) {
    in.fail({depth == kMaxExpressionDepth ? "is nested too deeply" : "is one node too many", in.pointer()});
    return out;
  }
  --left;
  const std::optional<Kind> kind = parse_expression_kind(in.string("is"));
  if (!kind) {
    in.fail("is", "has a value that is not known");
    return out;
  }
  out.kind = *kind;
  switch (out.kind) {
    case Kind::boolean:
      out.place = in.boolean("value") ? 1 : 0;
      break;
    case Kind::number:
    case Kind::text:
      out.text = in.string("value");
      break;
    case Kind::parameter:
    case Kind::item:
    case Kind::index:
      out.place = read_place(in, "place");
      break;
    case Kind::call: {
      const std::optional<Method> method = parse_method(in.string("method"));
      if (!method) in.fail("method", "has a value that is not known");
      out.place = static_cast<uint32_t>(method.value_or(Method::size));
      break;
    }
    default:
      break;
  }
  if (in.has("of"))
    in.objects("of", [&](ObjectReader& one) { out.operands.push_back(read_operand(one, depth + 1, left)); });
  return out;
}

Expression read_expression(ObjectReader& in, const char* name, size_t& left) {
  Expression out;
  in.object(name, [&](ObjectReader& expression) { out = read_operand(expression, 0, left); });
  return out;
}

Condition read_condition(ObjectReader& in, const char* name, size_t& left) {
  Condition out;
  in.object(name, [&](ObjectReader& condition) {
    if (condition.has("test")) {
      out.test = read_expression(condition, "test", left);
    } else {
      out.present = read_place(condition, "present");
    }
  });
  return out;
}

IfNode read_if(ObjectReader& in, const char* name, size_t depth, size_t& left) {
  Condition condition = read_condition(in, name, left);
  return {std::move(condition), read_nodes(in, "then", depth, left)};
}

RejectNode read_reject(ObjectReader& in, size_t& left) {
  RejectNode out;
  out.when = read_expression(in, "reject", left);
  for (const int64_t parameter : in.integers("parameters")) {
    if (parameter < 0 || parameter > UINT32_MAX) in.fail("parameters", "is out of range");
    out.parameters.push_back(static_cast<uint32_t>(parameter));
  }
  return out;
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
  if (in.has("index")) return {IndexNode{read_place(in, "index")}};
  if (in.has("list_item")) return {ListItemNode{read_place(in, "list_item"), read_place(in, "place")}};
  if (in.has("reject")) return {read_reject(in, left)};
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
  std::vector<std::string> names;
  types.reserve(parameters.size() + internal.size());
  for (const Parameter& parameter : parameters) {
    names.push_back(parameter.name);
    const uint32_t type = column_type_oid(parameter.column_type);
    parameter.list ? types.emplace_back(array_type_oid(parameter.column_type), type)
                   : types.emplace_back(type);
  }
  for (const InternalValue& value : internal) types.emplace_back(column_type_oid(value.type));
  Result<Program> program = Program::build(std::move(nodes), std::move(types), std::move(names));
  if (program) return std::move(*program);
  in.fail({program.error().message, in.pointer() + "/" + name + program.error().where});
  return {};
}

}  // namespace tablegate::core
