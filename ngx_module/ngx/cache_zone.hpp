// tablegate_cache_zone: the memory of kept answers (core/shared/answer_store.hpp).
// All workers share it, also those of the configuration before; it is kept over
// reloads while its size stays.
#pragma once

#include "core/shared/answer_store.hpp"
#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// The directive's handler.
char* set_cache_zone(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

// The zone as one process sees it.
core::AnswerStore answer_store(const ngx_shm_zone_t& zone);

}  // namespace tablegate::ngx
