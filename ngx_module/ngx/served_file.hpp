// MANIFEST.served: what this nginx has really taken over, reported to `tablegate
// sync` (`nginx -s reload` only says that a signal was sent). One JSON line
// beside the manifest, replaced whole, 0644. Written by the master at the end
// of init_module, when nothing can refuse the cycle any more; never by a
// worker, never for nginx -t. The workers of the cycle before still answer for
// a moment: a reader waits until the workers older than the file are shutting down. Several masters on one
// manifest: the last one that took something over is reported, with another one that is alive.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// ngx_module_t::init_module. A failure is a warning in the log: serving does not hang on it.
ngx_int_t write_served_file(ngx_cycle_t* cycle) noexcept;

}  // namespace tablegate::ngx
