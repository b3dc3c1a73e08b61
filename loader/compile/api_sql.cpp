#include "compile/api_sql.hpp"

#include "base/refusal.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/plan/program.hpp"

namespace tablegate::loader {

std::string whole_statement(const ApiEntry& api) {
  ManifestContents contents;
  contents.gateway = "diff";
  contents.apis.push_back(api);
  contents.apis.back().domains.clear();  // the manifest has none
  const auto manifest = core::read_manifest(write_manifest(contents));
  if (!manifest) throw Refused("the gateway would not serve this version: " + manifest.error().text());
  const core::Program& program = (*manifest)->apis.front().program;
  const std::vector<const char*> present(program.parameters(), "");
  core::BlockArena arena;
  core::Walk walk;
  if (program.walk({present.data()}, arena, walk)) throw SystemFailure("out of memory");
  return program.statement(walk.path).sql;
}

}  // namespace tablegate::loader
