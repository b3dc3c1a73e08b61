// tablegate_errors: the error pages that nginx itself makes get our JSON body. The
// same where nginx refuses a body that it reads for us (413).
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// Postconfiguration, once a configuration.
void install_error_filter();

}  // namespace tablegate::ngx
