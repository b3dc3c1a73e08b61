#!/bin/sh
# Run on every merge, in a repository whose folder definitions/ says what a gateway serves. TABLEGATE_CATALOG names the catalog.
# OUTPUT, NGINX_CHECK and NGINX_RELOAD: on the gateway's own machine; nodes elsewhere run `tablegate sync` themselves.
set -eu
tablegate diff -f definitions --exit-code || [ $? -eq 4 ] || exit 1        # shows what will change; ends here when it is refused
tablegate deploy -f definitions -m "$(git log -1 --format='%h %s')" ${BREAKING:+--breaking}   # stops at a failed test, at what breaks callers, at an approval
tablegate diff -f definitions --exit-code                                  # nobody else changed them meanwhile
tablegate openapi >openapi.json                                            # what callers get, for the clients' pipelines
[ -z "${OUTPUT:-}" ] || tablegate sync --output "$OUTPUT" --check "$NGINX_CHECK" --reload "$NGINX_RELOAD"
