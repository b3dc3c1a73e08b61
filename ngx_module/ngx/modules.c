/*
 * The three symbols that nginx looks up in a dynamic module. nginx's own
 * ./configure generates this file; the Makefile's build has it from here.
 */

#include <ngx_config.h>
#include <ngx_core.h>

extern ngx_module_t  ngx_http_tablegate_module;

ngx_module_t *ngx_modules[] = {
    &ngx_http_tablegate_module,
    NULL
};

char *ngx_module_names[] = {
    "ngx_http_tablegate_module",
    NULL
};

char *ngx_module_order[] = {
    NULL
};
