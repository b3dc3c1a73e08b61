#include "ngx/page.hpp"

#include <new>

#include "ngx/worker.hpp"
#include "pg/page_cells.hpp"

namespace tablegate::ngx {

namespace {

Worker& worker_of(const Call& call) {
  return *main_config(call.request).worker;
}

// A total that the rows will have, as far as is known.
std::optional<core::Totals::Total> remembered_total(const Call& call, const core::Digest& conditions) {
  const core::Totals::Total* const total = worker_of(call).totals().find(conditions);
  if (total == nullptr) return std::nullopt;
  const core::Api& api = *call.route.api;
  const Generations* const known = worker_of(call).generations(api);
  if (known == nullptr || !known->fresh()) return *total;
  const std::vector<core::PageTable>& tables = api.pages.tables;
  uint64_t generation = 0;
  for (const core::PageTable& one : tables) {
    const core::TableGeneration& table = known->known().all()[one.place];
    if (!table.known) return *total;
    generation = tables.size() == 1 ? table.number : core::with_generation(generation, table.number);
  }
  if (generation != total->generation) return std::nullopt;
  return *total;
}

}  // namespace

bool begin_page(Call& call, core::BoundPage& bound) {
  const bool again = call.page != nullptr;
  if (!again) {
    void* const room = ngx_palloc(call.request->pool, sizeof(PageOfCall));
    if (room == nullptr) return false;
    call.page = ::new (room) PageOfCall();
  }
  call.page->remembered.reset();
  if (bound.with_total && !again && !call.route.api->changing)
    call.page->remembered = remembered_total(call, bound.conditions);
  bound.set_counting(bound.with_total && !call.page->remembered);
  call.page->bound = bound;
  call.page->bound.count = nullptr;  // of the flight's arena
  return true;
}

PageOutcome end_page(Call& call, const pg::Cells& cells, core::PageAnswer& answer) {
  const PageOfCall& page = *call.page;
  PoolArena arena(call.request->pool);
  if (!pg::read_page(*call.route.api, page.bound, cells, arena, answer)) return PageOutcome::failed;
  if (!page.bound.with_total) return PageOutcome::good;
  if (page.remembered) {
    if (answer.generation != page.remembered->generation) return PageOutcome::counts_again;
    answer.total = page.remembered->rows;
  } else if (answer.total && answer.generation && !call.route.api->changing) {
    worker_of(call).totals().keep(page.bound.conditions, {*answer.generation, *answer.total});
  }
  return answer.total ? PageOutcome::good : PageOutcome::failed;
}

}  // namespace tablegate::ngx
