#include "cli/served.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "catalog/nodes.hpp"
#include "cli/duration.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAsk{100};
// For the last look, when the time is almost up.
constexpr milliseconds kLeastPatience{1000};
constexpr size_t kShownNodes = 3;

struct Standing {
  std::string gateway;
  std::vector<NodeState> nodes;

  bool any_lives() const {
    return std::any_of(nodes.begin(), nodes.end(), [](const NodeState& node) { return !node.stale; });
  }
  bool served(uint64_t revision) const {
    return std::all_of(nodes.begin(), nodes.end(),
                       [&](const NodeState& node) { return node.stale || node.serves(revision); });
  }
};

std::vector<Standing> stand(Database& catalog, const std::vector<std::string>& gateways) {
  std::vector<Standing> all;
  all.reserve(gateways.size());
  for (const std::string& gateway : gateways) all.push_back({gateway, list_nodes(catalog, gateway)});
  return all;
}

// Gateways without nodes are not waited for, unless there is no other one.
bool all_served(const std::vector<Standing>& all, uint64_t revision) {
  bool any = false;
  for (const Standing& one : all) {
    if (!one.nodes.empty() && !one.served(revision)) return false;
    any = any || one.any_lives();
  }
  return any;
}

std::string lag_of(const NodeState& node) {
  std::string text = fmt::format("node {} of {} ", node.name, node.gateway);
  text += node.served_publication ? fmt::format("serves publication {}", *node.served_publication)
                                  : std::string("serves nothing yet");
  if (!node.watching)
    text += fmt::format(", last synced {} s ago (no sync --watch runs there)", node.age_seconds);
  if (!node.last_error.empty()) text += ", its last error: " + node.last_error;
  return text;
}

[[noreturn]] void refuse(const std::vector<Standing>& all, uint64_t revision, const std::string& timeout) {
  std::string lagging;
  std::string bare;
  for (const Standing& one : all) {
    if (!one.any_lives()) bare += (bare.empty() ? "" : ", ") + one.gateway;
    for (const NodeState& node : one.nodes) {
      if (!node.stale && !node.serves(revision)) lagging += "\n  " + lag_of(node);
    }
  }
  if (lagging.empty()) {
    const Hint following = Hint::command(
        {"sync", "--output", "DIR", "--check", "nginx -t", "--reload", "nginx -s reload", "--watch"});
    throw Refused(fmt::format("saved, but not served within {}: no node follows {}", timeout,
                              bare.empty() ? std::string("any gateway") : bare),
                  all.size() == 1 ? following.add("--gateway", all.front().gateway) : following);
  }
  const Hint status = Hint::command({"gateway", "status"});
  throw Refused(fmt::format("saved, but not served by all nodes within {}:{}", timeout, lagging),
                all.size() == 1 ? status.add(all.front().gateway) : status);
}

// Looks until it is done or the time is up. A catalog that falls silent does not make it longer.
void wait_for_nodes(const Settings& settings, Database& catalog, const std::function<void()>& look,
                    const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + settings.wait_timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    catalog.set_patience(std::max(left, kLeastPatience));
    try {
      look();
    } catch (const SystemFailure& failure) {
      throw SystemFailure(
          fmt::format("saved, but it is not known whether the nodes serve it: {}", failure.what()),
          Hint::command({"gateway", "status"}));
    }
    if (done() || std::chrono::steady_clock::now() > end) return;
    std::this_thread::sleep_for(kAsk);
  }
}

// "/var/lib/tablegate" of "web1:/var/lib/tablegate"; a node with a name of its own does not say it.
std::string folder_of(const std::string& node) {
  const size_t at = node.find(":/");
  return at == std::string::npos ? "DIR" : node.substr(at + 1);
}

// What makes the nodes serve the change that do not.
void print_next(const Standing& one, uint64_t revision) {
  size_t shown = 0;
  size_t watching = 0;
  for (const NodeState& node : one.nodes) {
    if (node.stale || node.serves(revision)) continue;
    if (node.watching) {
      ++watching;
    } else if (++shown <= kShownNodes) {
      print_line(
          fmt::format("next, on node {}: tablegate sync --output {} --gateway {} --check 'nginx -t' --reload "
                      "'nginx -s reload'",
                      node.name, shell_word(folder_of(node.name)), shell_word(one.gateway)));
    }
  }
  if (shown > kShownNodes)
    print_line(fmt::format("and on {} more: tablegate gateway status {}", shown - kShownNodes, one.gateway));
  if (watching > 0) {
    print_line(fmt::format(
        "{}, by sync --watch; --wait waits for that",
        watching == 1 ? "1 node follows by itself" : fmt::format("{} nodes follow by themselves", watching)));
  }
}

void print_standing(const std::vector<Standing>& all, uint64_t revision, const std::string& until_then) {
  for (const Standing& one : all) {
    if (one.nodes.empty()) {
      print_line(
          fmt::format("no node has synced {0}: run tablegate sync --output DIR --gateway {0}", one.gateway));
      continue;
    }
    const auto serving = std::count_if(one.nodes.begin(), one.nodes.end(),
                                       [&](const NodeState& node) { return node.serves(revision); });
    const bool lags = !one.served(revision);
    print_line(fmt::format("served by {} of {} nodes of {}{}", serving, one.nodes.size(), one.gateway,
                           lags && !until_then.empty() ? "; on the others " + until_then : ""));
    if (lags) print_next(one, revision);
  }
}

}  // namespace

void add_wait(Verb& verb, Settings& settings) {
  verb.add_flag("--wait", settings.wait, "wait until all active nodes serve the change");
  verb.add_option_function(
          "--timeout",
          [&settings](const std::string& text) {
            settings.wait_timeout = read_duration(text, "--timeout");
            settings.wait_timeout_text = text;
          },
          "how long --wait waits (default: 30s)")
      ->type_name("TIME");
}

void report_served(const Settings& settings, Database& catalog, std::vector<std::string> gateways,
                   const std::string& until_then) {
  if (!settings.wait && settings.silent()) return;
  std::vector<Standing> all;
  uint64_t revision = 0;
  const auto look = [&] {
    if (gateways.empty()) gateways = gateway_names(catalog);
    if (revision == 0) revision = current_revision(catalog);
    all = stand(catalog, gateways);
  };
  if (settings.wait) {
    wait_for_nodes(settings, catalog, look, [&] { return all_served(all, revision); });
    if (!all_served(all, revision)) refuse(all, revision, settings.wait_timeout_text);
  } else {
    look();
  }
  if (!settings.silent()) print_standing(all, revision, until_then);
}

}  // namespace tablegate::loader
