#include "ngx/statistics.hpp"

#include <cerrno>
#include <csignal>

#include "core/mix.hpp"
#include "ngx/call.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

constexpr size_t kPairs = 2048;  // places of the cache, a power of two

Statistics* statistics_of(const Call& call) {
  Worker* worker = main_config(call.request).worker.get();
  return worker == nullptr ? nullptr : worker->statistics();
}

uint64_t elapsed_ms(const ngx_http_request_t* r) {
  const ngx_time_t* now = ngx_timeofday();
  const int64_t ms = (static_cast<int64_t>(now->sec) - r->start_sec) * 1000 +
                     (static_cast<int64_t>(now->msec) - static_cast<int64_t>(r->start_msec));
  return ms > 0 ? static_cast<uint64_t>(ms) : 0;
}

void store(core::SharedWord& word, uint64_t value) {
  word.store(value, std::memory_order_relaxed);
}

}  // namespace

bool process_lives(uint64_t pid) {
  return kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH;
}

Statistics::Statistics(const MainConfig& config)
    : config_(config), tables_(*config.zone), cells_(config.manifest->apis.size()), pairs_(kPairs) {
  for (const core::Api& api : config.manifest->apis)
    tables_.counters.keep(api.id, api.version, config.generation);
  take_slot();
}

// After a reload the workers before may have them all, until they have left.
void Statistics::take_slot() {
  slot_ = tables_.workers.take(static_cast<uint64_t>(ngx_pid), config_.generation,
                               config_.manifest->publication, ngx_time(), process_lives);
}

Statistics::~Statistics() {
  if (slot_ != nullptr) core::WorkerTable::give_back(*slot_);
}

core::CounterCell& Statistics::cell(const core::Api* api) {
  if (api == nullptr) return tables_.counters.unmatched();
  core::CounterCell*& known = cells_[api->index];
  if (known == nullptr) known = &tables_.counters.take(api->id, api->version, config_.generation);
  return *known;
}

void Statistics::count_call(const core::Api& api, const core::Consumer* consumer, int64_t now) {
  const uint64_t place =
      consumer == nullptr ? 0 : static_cast<uint64_t>(consumer - config_.manifest->consumers.data()) + 1;
  const uint64_t api_place = api.index;
  const uint64_t places = ((api_place + 1) << 32U) | place;
  Pair& pair = pairs_[core::mix(places) % kPairs];
  if (pair.places == places && core::UsageTable::count_in(*pair.slot, pair.key, now)) return;
  const std::string_view name = consumer == nullptr ? std::string_view() : std::string_view(consumer->name);
  pair.places = places;
  pair.key = core::UsageTable::key_of(api.id, name);
  pair.slot = &tables_.usage.count(pair.key, api.id, name, now);
}

void Statistics::report(const std::vector<std::unique_ptr<pg::Pool>>& pools, bool leaving) {
  if (slot_ == nullptr) take_slot();
  if (slot_ == nullptr) return;
  store(slot_->seen, static_cast<uint64_t>(ngx_time()));
  store(slot_->leaving, leaving ? 1 : 0);
  size_t place = 0;
  for (const Service& service : config_.services) {
    for (const ResourceGroup& group : service.groups) {
      if (place == slot_->pools.size() || place == pools.size()) return;
      const pg::PoolStatistics now = pools[place]->statistics();
      core::WorkerSlot::Pool& shared = slot_->pools[place++];
      store(shared.open, now.open);
      store(shared.busy, now.busy);
      store(shared.waiting, now.waiting);
      store(shared.name, core::WorkerTable::pool_name(service.name + "/" + group.name));
    }
  }
}

void count_answer(const Call& call, core::Slug slug) {
  Statistics* statistics = statistics_of(call);
  if (statistics == nullptr) return;
  statistics->cell(call.route.api).count(slug, elapsed_ms(call.request));
  const core::Proof::Outcome outcome = call.proof.outcome;
  if (call.route.api == nullptr ||
      (outcome != core::Proof::Outcome::proved && outcome != core::Proof::Outcome::open)) {
    return;
  }
  statistics->count_call(*call.route.api, call.proof.identity.consumer, ngx_time());
}

void count_cut(const Call& call) {
  if (Statistics* statistics = statistics_of(call)) statistics->cell(call.route.api).count_cut();
}

void count_truncated(const Call& call) {
  if (Statistics* statistics = statistics_of(call)) statistics->cell(call.route.api).count_truncated();
}

void count_abandoned(const Call& call) {
  if (Statistics* statistics = statistics_of(call)) statistics->cell(call.route.api).count_abandoned();
}

}  // namespace tablegate::ngx
