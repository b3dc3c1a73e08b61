#include "compile/program_nodes.hpp"

#include <utility>

namespace tablegate::loader {

void add_text(core::Nodes& nodes, const std::string& sql) {
  core::TextNode* const last = nodes.empty() ? nullptr : std::get_if<core::TextNode>(&nodes.back().is);
  if (last != nullptr) {
    last->sql += sql;
  } else {
    nodes.push_back({core::TextNode{sql}});
  }
}

void add_nodes(core::Nodes& nodes, core::Nodes more) {
  for (core::Node& one : more) {
    if (const auto* const text = std::get_if<core::TextNode>(&one.is)) {
      add_text(nodes, text->sql);
    } else {
      nodes.push_back(std::move(one));
    }
  }
}

}  // namespace tablegate::loader
