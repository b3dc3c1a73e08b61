// read_template() with any bytes: faults with a place in the text, or nodes that
// core::Program takes, whose texts come from the script. Its paths are then those of
// calls: core's statement of each of them can be made.
#include <cstdint>

#include "core/plan/program.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"
#include "script/program_paths.hpp"
#include "script/template.hpp"

using namespace tablegate;

namespace {

std::vector<loader::RequestParameter> parameters() {
  std::vector<loader::RequestParameter> out;
  for (const char* name : {"id", "name", "ids", "names", "user-id"}) {
    loader::RequestParameter one;
    one.name = name;
    one.type = "STRING";
    one.required = false;
    if (one.name.back() == 's') one.comparison = loader::Comparison::in;
    out.push_back(one);
  }
  return out;
}

void check_origins(const core::Nodes& nodes, size_t size) {
  for (const core::Node& node : nodes) {
    if (const auto* text = std::get_if<core::TextNode>(&node.is)) {
      INVARIANT(!text->sql.empty() && text->origin >= 1 && text->origin <= size);
    } else if (const auto* one = std::get_if<core::IfNode>(&node.is)) {
      check_origins(one->then, size);
    } else if (const auto* each = std::get_if<core::ForeachNode>(&node.is)) {
      check_origins(each->content, size);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<loader::RequestParameter> all = parameters();
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<loader::ScriptFault> faults;
  core::Nodes nodes = loader::read_template({text, all, false}, faults).draft;
  INVARIANT(faults.size() <= 20);
  for (const loader::ScriptFault& fault : faults) {
    INVARIANT(!fault.text.empty() && fault.line <= size + 1 && fault.column <= size + 1);
    INVARIANT((fault.line == 0) == (fault.column == 0));
  }
  if (!faults.empty()) return 0;
  INVARIANT(core::valid_text(text));
  check_origins(nodes, size);
  constexpr core::PlaceholderType kText{25};
  constexpr core::PlaceholderType kTexts{1009, 25};
  const core::Result<core::Program> program =
      core::Program::build(nodes, {kText, kText, kTexts, kTexts, kText}, {});
  INVARIANT(program || size > 4096);
  if (!program || size > 1024) return 0;
  const auto never = [](uint32_t) { return false; };
  const auto two = [](uint32_t) { return size_t{2}; };
  for (const loader::ProgramPath& path : loader::program_paths(nodes, {never, two, {}}).paths)
    INVARIANT(program->statement(path.path()).types.size() == path.values.size());
  return 0;
}
