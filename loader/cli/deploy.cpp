// `tablegate deploy`: apply, test, commit and publish of what differs, each step
// for all APIs of the files before the next begins. Versions and publication are
// one transaction. Everything is looked up anew, so that a run which stopped
// continues when it is run again.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "catalog/apply/apply.hpp"
#include "catalog/life/approval.hpp"
#include "catalog/life/draft_states.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/row_lock.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/applied_notes.hpp"
#include "cli/files.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/served.hpp"
#include "mirror/read_source_ddl.hpp"

namespace tablegate::loader {
namespace {

struct DeployOptions {
  std::vector<std::string> sources;
  PublishRequest request;
  std::string message;
  bool submit = false;
  bool allow_scan = false;
};

constexpr const char* kPublishable = "Publishable";
constexpr const char* kUnasked = "Pending for Application";
constexpr const char* kAsked = "Pending for Approval";
constexpr size_t kNamed = 10;  // APIs that a refusal names

std::string some_names(const std::vector<std::string>& names) {
  if (names.size() <= kNamed) return name_list(names);
  return name_list({names.begin(), names.begin() + kNamed}) + fmt::format(" ({} in all)", names.size());
}

class Deployment {
 public:
  Deployment(const Settings& settings, const DeployOptions& options)
      : settings_(settings),
        options_(options),
        catalog_(settings.open_catalog()),
        progress_(!settings.silent()),
        gate_(settings.mirror_dsn()) {}

  void run() {
    apply();
    if (!apis_.empty()) {
      test();
      served_ = published_versions(catalog_, *workspace_, gateway_);
      if (!options_.request.breaking) check_contracts();
      progress_.step("checking plans", 0, apis_.size());
      check_plans(states_, apis_, gate_, options_.allow_scan);
      make_versions();
    }
    progress_.clear();
    report();
    if (!waiting_.empty()) refuse_waiting();
    // What else was applied may be of other gateways, too.
    const bool everywhere = gateway_.empty() || concerns_callers(objects_);
    if (changed_ || settings_.wait || concerns_callers(objects_))
      report_served(settings_, catalog_,
                    everywhere ? std::vector<std::string>() : std::vector<std::string>{gateway_});
  }

 private:
  // Versions and publication: all of them or none. One that waits for an approval is no failure: then the
  // versions are made, and none is published.
  void make_versions() {
    try {
      Transaction transaction(catalog_);
      lock_catalog(catalog_);  // before the rows of the APIs, as all who change them do
      commit();
      if (options_.submit) submit();
      publish();
      transaction.commit();
    } catch (const Refused& refused) {
      progress_.clear();
      throw Refused(fmt::format("{}\nnothing was committed or published", refused.what()), refused.next());
    }
  }

  void apply() {
    Problems problems;
    std::vector<Definition> definitions = read_definitions(options_.sources, problems);
    workspace_ = find_workspace(catalog_, settings_.workspace);
    objects_ = apply_definitions(catalog_, *workspace_, definitions, problems, read_source_ddl);
    print_notes(settings_, catalog_, *workspace_, objects_);
    std::vector<std::string> names;
    for (const AppliedObject& object : objects_) {
      if (object.kind == Kind::api) names.push_back(object.name);
    }
    if (!names.empty()) apis_ = find_apis(catalog_, *workspace_, names, {});
    if (!apis_.empty()) gateway_ = find_gateway(catalog_, settings_.gateway);
  }

  // Drafts that equal their latest version passed when that was made.
  void test() {
    states_ = read_draft_states(catalog_, apis_);
    std::vector<std::string> failed;
    std::set<std::string> unloaded;
    ApiTester tester(settings_.mirror_dsn());
    Transaction transaction(catalog_);  // of the outcomes: one for all
    for (size_t i = 0; i < apis_.size(); ++i) {
      progress_.step("testing", i, apis_.size());
      if (states_[i].version() > 0 || states_[i].tested) continue;
      if (!states_[i].unloaded.empty()) {
        unloaded.insert(states_[i].unloaded.begin(), states_[i].unloaded.end());
      } else if (const std::string reason = test_one(apis_[i], tester); !reason.empty()) {
        failed.push_back(fmt::format("\"{}\": {}", apis_[i].name, reason));
      }
    }
    transaction.commit();
    refuse_untested(failed, unloaded);
    // What PostgreSQL says of scripts is known now.
    const bool scripts =
        std::any_of(apis_.begin(), apis_.end(), [](const ApiRow& api) { return api.script; });
    if (scripts) states_ = read_draft_states(catalog_, apis_);
  }

  // Why it did not pass; empty: it did.
  std::string test_one(const ApiRow& api, ApiTester& tester) {
    try {
      const TestOutcome outcome = test_draft(catalog_, api, {}, tester);
      if (outcome.passed) return {};
      return fmt::format("{} {}{}{}", outcome.status, outcome.response, outcome.detail.empty() ? "" : ": ",
                         outcome.detail);
    } catch (const Refused& refused) {  // nothing of it reached the catalog
      return refused.what();
    }
  }

  void refuse_untested(const std::vector<std::string>& failed, const std::set<std::string>& unloaded) {
    if (failed.empty() && unloaded.empty()) return;
    progress_.clear();
    const char* const kDrafts = "the applied definitions remain drafts, nothing was committed or published";
    if (failed.empty()) {
      throw Refused(fmt::format("table {} was never loaded, so no draft that reads it can be tested; {}",
                                name_list({unloaded.begin(), unloaded.end()}), kDrafts),
                    Hint::command({"table", "load", *unloaded.begin()}));
    }
    std::string lines;
    for (size_t i = 0; i < std::min(failed.size(), kNamed); ++i) lines += "\n  " + failed[i];
    throw Refused(fmt::format("{} did not pass; {}:{}", plural(failed.size(), "API"), kDrafts, lines),
                  Hint::again());
  }

  // Of all APIs before the first commit: callers of the latest version, and of the one that is served.
  void check_contracts() {
    const std::vector<std::string> breaks = draft_breaks(catalog_, apis_, states_, served_);
    if (breaks.empty()) return;
    progress_.clear();
    std::string lines;
    for (size_t i = 0; i < std::min(breaks.size(), kNamed); ++i) lines += "\n  " + breaks[i];
    throw Refused(
        fmt::format("{} would break callers; the applied definitions remain drafts, "
                    "nothing was committed (--breaking allows it, once every caller is ready for it):{}",
                    plural(breaks.size(), "API"), lines),
        Hint::again().flag("--breaking"));
  }

  // All that nobody has asked for yet. What was rejected is for somebody to look at.
  void submit() {
    for (const size_t i : waiting_) {
      if (versions_[i].status != kUnasked) continue;
      versions_[i].status =
          take_step(catalog_, apis_[i], {"submit", versions_[i].version, options_.message, std::nullopt})
              .status;
    }
  }

  void commit() {
    const CommitRequest request{options_.message, options_.request.breaking, options_.allow_scan};
    for (size_t i = 0; i < apis_.size(); ++i) {
      progress_.step("committing", i, apis_.size());
      const DraftState& state = states_[i];
      versions_.push_back(state.version() > 0 ? Version{state.latest, state.status, true}
                                              : commit_draft(catalog_, apis_[i], request, gate_));
      if (!versions_.back().notes.empty() || !versions_.back().warnings.empty()) progress_.clear();
      print_remarks(settings_, versions_.back());
      if (versions_.back().status != kPublishable) waiting_.push_back(i);
    }
  }

  // All of them or, while one waits for an approval, none.
  void publish() {
    if (!waiting_.empty()) return;
    progress_.step("publishing", 0, apis_.size());
    PublishRequest request = options_.request;
    request.gateway = gateway_;
    request.keep_canary = true;
    const bool moves = !request.domains.empty() || request.no_domain || request.service;
    std::vector<ApiRow> changed;
    std::vector<size_t> places;
    for (size_t i = 0; i < apis_.size(); ++i) {
      const auto now = served_.find(apis_[i].id);
      const bool same = now != served_.end() && now->second == versions_[i].version;
      published_.push_back({apis_[i].name, versions_[i].version, 0, true});
      if (same && !moves) continue;
      changed.push_back(apis_[i]);
      places.push_back(i);
    }
    if (changed.empty()) return;
    const std::vector<Published> results = publish_apis(catalog_, changed, request);
    for (size_t i = 0; i < results.size(); ++i) {
      published_[places[i]] = results[i];
      changed_ = changed_ || !results[i].unchanged;
    }
  }

  [[noreturn]] void refuse_waiting() {
    std::vector<std::string> names;
    for (const size_t i : waiting_)
      names.push_back(
          fmt::format("{} version {} ({})", apis_[i].name, versions_[i].version, versions_[i].status));
    const std::string& first = versions_[waiting_.front()].status;
    const bool asked = first == kAsked;
    const size_t place = waiting_.front();
    if ((asked || first == kUnasked) &&
        !requires_approval(catalog_, apis_[place], versions_[place].version)) {
      throw Refused(
          fmt::format(
              "nothing was published, because versions still wait from when the workspace required "
              "approval: {}; an operator can approve them, then deploy continues when it is run again",
              some_names(names)),
          Hint::command(
              {"api", "approve", apis_[place].name, "--version", std::to_string(versions_[place].version)}));
    }
    throw Refused(
        fmt::format(
            "nothing was published, because not every version is approved: {}{}; deploy continues when it "
            "is run again after the approval",
            some_names(names),
            asked ? "; a member of tablegate_approver other than the submitter must approve" : ""),
        first == kUnasked && !options_.submit
            ? Hint::again().flag("--submit")
            : Hint::command({"api", asked ? "approve" : "versions", apis_[waiting_.front()].name}));
  }

  const char* action_of(size_t i) const {
    if (!waiting_.empty()) return versions_[i].status == kPublishable ? "committed" : "waiting";
    return published_[i].unchanged ? "unchanged" : "published";
  }

  void report() const {
    if (settings_.json) return report_json();
    if (settings_.quiet) return;
    std::vector<std::vector<std::string>> table;
    size_t unchanged = 0;
    for (const AppliedObject& object : objects_) {
      if (object.kind == Kind::api) continue;
      if (object.action == "unchanged") {
        ++unchanged;
      } else {
        table.push_back({std::string(kind_info(object.kind).name),
                         object.name + (object.version.empty() ? "" : " " + object.version), object.action});
      }
    }
    for (size_t i = 0; i < apis_.size(); ++i) {
      if (std::string_view(action_of(i)) == "unchanged") {
        ++unchanged;
      } else {
        table.push_back({"Api", apis_[i].name, outcome_of(i)});
      }
    }
    print_table(table);
    if (unchanged > 0) print_line(fmt::format("{} unchanged", plural(unchanged, "definition")));
  }

  std::string outcome_of(size_t i) const {
    const Version& version = versions_[i];
    if (published_.empty())
      return fmt::format("version {}, {}, not published", version.version, version.status);
    return fmt::format("version {} on {}, publication {}", published_[i].version.value_or(version.version),
                       gateway_, published_[i].publication);
  }

  void report_json() const {
    JsonOutput json;
    json.begin_object().key("gateway");
    gateway_.empty() ? json.null() : json.text(gateway_);
    json.key("applied").begin_array();
    for (const AppliedObject& object : objects_) {
      json.begin_object().key("kind").text(kind_info(object.kind).name).key("name").text(object.name);
      json.key("action").text(object.action).end_object();
    }
    json.end_array().key("apis").begin_array();
    for (size_t i = 0; i < apis_.size(); ++i) {
      json.begin_object().key("name").text(apis_[i].name).key("action").text(action_of(i));
      json.key("version").number(versions_[i].version).key("status").text(versions_[i].status);
      json.key("publication");
      const bool now = !published_.empty() && !published_[i].unchanged;
      now ? json.number(published_[i].publication) : json.null();
      json.end_object();
    }
    json.end_array().end_object().print();
  }

  const Settings& settings_;
  const DeployOptions& options_;
  Database catalog_;
  Progress progress_;
  PlanGate gate_;
  std::optional<Workspace> workspace_;
  std::vector<AppliedObject> objects_;
  std::vector<ApiRow> apis_;  // of the files; as are the lists below
  std::string gateway_;
  std::vector<DraftState> states_;
  std::vector<Version> versions_;
  std::vector<size_t> waiting_;        // places of those that may not be published yet
  std::map<std::string, int> served_;  // versions before this, by id of the API
  std::vector<Published> published_;
  bool changed_ = false;  // something was published
};

}  // namespace

void add_deploy(Verb& app, Settings& settings) {
  const auto options = std::make_shared<DeployOptions>();
  Verb* const verb =
      app.add_subcommand("deploy", "Apply, test, commit and publish the changed definitions of files");
  verb->add_option("-f,--file", options->sources, "file (JSON or YAML), folder or - for standard input")
      ->required()
      ->type_name("FILE|DIR|-");
  Option* const domain =
      verb->add_option("--domain", options->request.domains, "domain of the REST APIs (default: unchanged)")
          ->allow_extra_args(false);
  verb->add_flag("--no-domain", options->request.no_domain, "answer on any host")->excludes(domain);
  verb->add_option("--service", options->request.service,
                   "service of the gateway instance (default: unchanged)");
  verb->add_option("-m,--message", options->message, "message that is stored with each new version");
  verb->add_flag("--yes", options->request.yes, "allow that published APIs change or lose hosts");
  verb->add_flag("--breaking", options->request.breaking,
                 "allow changes that break callers of the served version");
  verb->add_flag("--allow-scan", options->allow_scan,
                 "allow calls that read a whole table of more than 10,000 rows");
  verb->add_flag("--submit", options->submit, "submit the new versions for approval");
  add_wait(*verb, settings);
  verb->footer(
      "If a test fails, all APIs remain drafts and nothing is committed. All APIs are committed and "
      "published, "
      "or none.\n"
      "A version that waits for an approval stops it (exit 1) before anything is published; --submit submits "
      "it.\n"
      "Run it again to continue.\n"
      "Examples:\n"
      "  tablegate deploy -f definitions/ -m \"$(git log -1 --format=%s)\"\n"
      "  tablegate deploy -f user-api.json --domain api.example.com --wait");
  verb->callback([&settings, options] { Deployment(settings, *options).run(); });
}

}  // namespace tablegate::loader
