#!/bin/sh
# Run this on every merge, in a repository whose folder definitions/ contains what a gateway serves. TABLEGATE_CATALOG names the catalog.
# OUTPUT, NGINX_CHECK and NGINX_RELOAD: on the gateway's own machine; nodes elsewhere run `tablegate sync` themselves.
set -eu
tablegate diff -f definitions --exit-code || [ $? -eq 4 ] || exit 1        # shows what will change; fails here if apply would
tablegate deploy -f definitions -m "$(git log -1 --format='%h %s')" ${BREAKING:+--breaking}   # stops at a failed test, a break of the contract or a missing approval
tablegate diff -f definitions --exit-code                                  # fails if somebody else has changed them meanwhile
tablegate openapi >openapi.json                                            # the callers' view, for the clients' pipelines
[ -z "${OUTPUT:-}" ] || tablegate sync --output "$OUTPUT" --check "$NGINX_CHECK" --reload "$NGINX_RELOAD"
