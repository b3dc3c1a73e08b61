#include "core/route/router.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "core/call/parameters.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

bool could_mean_both(const VersionKey& a, const VersionKey& b) {
  if (a.in == VersionKey::In::none || a.in != b.in) return true;
  const bool same_name = a.in == VersionKey::In::header ? same_in_any_case(a.name, b.name) : a.name == b.name;
  return !same_name || a.value == b.value;
}

namespace {

// "{name}"
bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

enum Method : unsigned { kGet = 1, kPost = 2, kQuery = 4 };

// HEAD is GET without a body; 0: a method that no API has.
unsigned method_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return kGet;
  if (method == "POST") return kPost;
  if (method == kQueryMethod) return kQuery;
  return 0;
}

std::string_view allow_of(unsigned methods) {
  constexpr std::string_view kAllow[] = {
      "",      "GET, HEAD",        "POST",        "GET, HEAD, POST",
      "QUERY", "GET, HEAD, QUERY", "POST, QUERY", "GET, HEAD, POST, QUERY"};
  return kAllow[methods & 7U];
}

// Where a request may name a version.
struct VersionSource {
  std::string_view query;
  const HeaderSource* headers;

  // The request's value for `key`, still encoded; null data(): none, or more than one.
  std::string_view value_of(const VersionKey& key) const {
    if (key.in == VersionKey::In::query) {
      const QueryValue found = find_query_value(query, key.name);
      return found.count == 1 ? found.raw : std::string_view();
    }
    unsigned count = 0;
    const std::string_view value = headers == nullptr ? std::string_view() : headers->find(key.name, count);
    return count == 1 ? value : std::string_view();
  }
};

// The APIs of one path and method: one, or several versions that a header or query parameter selects.
class Endpoint {
 public:
  // Null, or an API that the same request could mean.
  const Api* add(const Api& api) {
    if (first_ == nullptr) {
      first_ = &api;
      return nullptr;
    }
    if (could_mean_both(first_->version_key, api.version_key)) return first_;
    for (const Api* other : others_) {
      if (could_mean_both(other->version_key, api.version_key)) return other;
    }
    others_.push_back(&api);
    return nullptr;
  }

  const Api* pick(const VersionSource& source) const {
    if (first_ == nullptr || first_->version_key.in == VersionKey::In::none) return first_;
    const std::string_view value = source.value_of(first_->version_key);
    if (value.data() == nullptr) return nullptr;
    if (is_version(*first_, value)) return first_;
    for (const Api* other : others_) {
      if (is_version(*other, value)) return other;
    }
    return nullptr;
  }

 private:
  static bool is_version(const Api& api, std::string_view value) {
    return api.version_key.in == VersionKey::In::query ? query_text_is(value, api.version_key.value)
                                                       : value == api.version_key.value;
  }

  const Api* first_ = nullptr;
  std::vector<const Api*> others_;
};

// The APIs of one path, by method.
struct Endpoints {
  Endpoint get;
  Endpoint post;

  Endpoint& at(unsigned method) { return method == kPost ? post : get; }

  bool any_tablegate = false;  // an API here has this envelope
  bool any_dataworks = false;
};

// A segment of paths with parameters.
struct Node {
  std::unordered_map<std::string_view, std::unique_ptr<Node>> literal;
  std::unique_ptr<Node> parameter;
  Endpoints endpoints;
};

// The routes of one domain, or of all hosts. Keys are views into the manifest.
struct Scope {
  std::unordered_map<std::string_view, Endpoints> literal;
  std::unique_ptr<Node> patterns;
};

struct Search {
  unsigned method = 0;
  unsigned methods_seen = 0;  // of the path, for the requested version
  VersionSource version;
  // An API of the path has it.
  bool any_tablegate = false;
  bool any_dataworks = false;

  const Api* visit(const Endpoints& endpoints) {
    const Api* const get = endpoints.get.pick(version);
    const Api* const post = endpoints.post.pick(version);
    const Api* const query = get != nullptr && get->query_method ? get : nullptr;
    methods_seen |=
        (get != nullptr ? kGet : 0U) | (post != nullptr ? kPost : 0U) | (query != nullptr ? kQuery : 0U);
    any_tablegate |= endpoints.any_tablegate;
    any_dataworks |= endpoints.any_dataworks;
    return method == kGet ? get : method == kPost ? post : method == kQuery ? query : nullptr;
  }
};

// Visits each node of the tree at most once, so that the manifest bounds the work.
const Api* search_patterns(const Node& node, std::string_view rest, Search& search) {
  if (rest.empty()) return search.visit(node.endpoints);
  const size_t slash = rest.find('/', 1);
  const std::string_view segment = rest.substr(1, slash == std::string_view::npos ? slash : slash - 1);
  const std::string_view next = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (const auto found = node.literal.find(segment); found != node.literal.end()) {
    if (const Api* api = search_patterns(*found->second, next, search)) return api;
  }
  if (node.parameter && !segment.empty()) return search_patterns(*node.parameter, next, search);
  return nullptr;
}

const Api* search_scope(const Scope& scope, std::string_view path, Search& search) {
  if (const auto found = scope.literal.find(path); found != scope.literal.end()) {
    if (const Api* api = search.visit(found->second)) return api;
  }
  if (scope.patterns && !path.empty() && path[0] == '/')
    return search_patterns(*scope.patterns, path, search);
  return nullptr;
}

// Why versions conflict, if not by the path alone.
std::string both_words(const Api& a, const Api& b) {
  if (a.version_key.in == VersionKey::In::none && b.version_key.in == VersionKey::In::none) return {};
  return ", and one request could mean both versions";
}

Status add(Scope& scope, const Api& api, const std::string& where) {
  Endpoints* endpoints = nullptr;
  if (!api.has_path_parameters) {
    endpoints = &scope.literal[api.path];
  } else {
    if (!scope.patterns) scope.patterns = std::make_unique<Node>();
    Node* node = scope.patterns.get();
    for (const std::string& segment : api.path_segments) {
      std::unique_ptr<Node>& next = is_parameter(segment) ? node->parameter : node->literal[segment];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    endpoints = &node->endpoints;
  }
  (api.envelope == Envelope::dataworks ? endpoints->any_dataworks : endpoints->any_tablegate) = true;
  if (const Api* const other = endpoints->at(method_of(api.method)).add(api)) {
    return Error{"APIs \"" + other->name + "\" and \"" + api.name + "\" have the same method and path " +
                     api.method + " " + api.path + where + both_words(*other, api),
                 {}};
  }
  return Done{};
}

}  // namespace

struct Router::Data {
  Scope any_host;
  std::deque<Scope> scopes;                                // one per domain, as in Manifest::domains
  std::unordered_map<std::string_view, size_t> exact;      // name -> index in Manifest::domains
  std::unordered_map<std::string_view, size_t> wildcards;  // "example.com" of "*.example.com"
  size_t longest_wildcard = 0;
  const std::vector<Domain>* domains = nullptr;

  static constexpr size_t kNone = SIZE_MAX;

  size_t find_domain(std::string_view host) const {
    if (const auto found = exact.find(host); found != exact.end()) return found->second;
    if (wildcards.empty()) return kNone;
    // A host may be long: what is longer than every wildcard is not compared.
    const size_t begin = host.size() - std::min(host.size(), longest_wildcard + 1);
    for (size_t dot = host.find('.', begin); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      if (const auto found = wildcards.find(host.substr(dot + 1)); found != wildcards.end())
        return found->second;
    }
    return kNone;
  }
};

Router::Router(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Router::~Router() = default;

Result<std::unique_ptr<const Router>> Router::build(const Manifest& manifest) {
  auto data = std::make_unique<Data>();
  data->domains = &manifest.domains;
  data->scopes.resize(manifest.domains.size());
  std::unordered_map<std::string_view, size_t> by_name;
  for (size_t i = 0; i < manifest.domains.size(); ++i) {
    const std::string_view name = manifest.domains[i].name;
    by_name.emplace(name, i);
    if (name.substr(0, 2) == "*.") {
      data->wildcards.emplace(name.substr(2), i);
      data->longest_wildcard = std::max(data->longest_wildcard, name.size() - 2);
    } else {
      data->exact.emplace(name, i);
    }
  }
  for (const Api& api : manifest.apis) {
    if (api.is_canary) continue;
    if (api.domains.empty()) {
      if (Status added = add(data->any_host, api, ""); !added) return added.error();
    }
    for (const std::string& domain : api.domains) {
      const auto found = by_name.find(domain);
      if (found == by_name.end()) {
        return Error{"API \"" + api.name + "\" names the domain " + domain + ", which is not in the manifest",
                     {}};
      }
      if (Status added = add(data->scopes[found->second], api, " on " + domain); !added) return added.error();
    }
  }
  return std::unique_ptr<const Router>(new Router(std::move(data)));  // NOLINT: the constructor is private
}

RouteMatch Router::find(std::string_view host, std::string_view path, std::string_view method,
                        std::string_view query, const HeaderSource* headers) const {
  RouteMatch match;
  Search search{method_of(method), 0, {query, headers}, false, false};
  const size_t domain = data_->find_domain(host);
  if (domain != Data::kNone) {
    match.domain = &(*data_->domains)[domain];
    match.api = search_scope(data_->scopes[domain], path, search);
  }
  if (match.api == nullptr) match.api = search_scope(data_->any_host, path, search);
  if (match.api != nullptr) {
    match.outcome = RouteMatch::Outcome::found;
    match.envelope = match.api->envelope;
    return match;
  }
  if (search.any_dataworks && !search.any_tablegate) match.envelope = Envelope::dataworks;
  if (search.methods_seen != 0) {
    match.outcome = RouteMatch::Outcome::method_not_allowed;
    match.allow = allow_of(search.methods_seen);
  }
  return match;
}

bool PathParameters::next(std::string_view& name, std::string_view& value) {
  while (segment_ < segments_.size() && !rest_.empty()) {
    const std::string_view segment = segments_[segment_++];
    const size_t slash = std::min(rest_.find('/', 1), rest_.size());
    value = rest_.substr(1, slash - 1);
    rest_.remove_prefix(slash);
    if (!is_parameter(segment)) continue;
    name = segment.substr(1, segment.size() - 2);
    return true;
  }
  return false;
}

}  // namespace tablegate::core
