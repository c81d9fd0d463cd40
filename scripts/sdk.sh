#!/usr/bin/env bash
# Checks and builds the SDK into sdk/js/dist and puts it beside the examples; only when its sources changed.
#   scripts/sdk.sh [build|lint|size]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# What a mini-program may carry of us, in bytes, minified.
LIMIT=60000
MINI=sdk/js/dist/mini-program/index.js

size() {
    local bytes
    bytes=$(stat -c %s "$MINI")
    [ "$bytes" -le "$LIMIT" ] || die "$MINI has $bytes bytes, more than $LIMIT"
    jq -r '.[] | "\(.file): \(.bytes) bytes, \(.gzip) with gzip"' sdk/js/dist/sizes.json
}

case "${1:-build}" in
lint)
    cd sdk/js
    npm run --silent lint
    ;;
build)
    stamp=sdk/js/node_modules/.built-sources
    now=$(find sdk/js \( -name node_modules -o -name dist \) -prune -o -type f -print0 | hash_files)
    if [ -f "$MINI" ] && [ -f examples/web/lib/lianmai.js ] && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; then exit 0; fi
    (cd sdk/js && npm run --silent build)
    size >/dev/null
    mkdir -p examples/web/lib examples/mini-program/lib
    cp sdk/js/dist/lianmai.js examples/web/lib/lianmai.js
    cp "$MINI" examples/mini-program/lib/lianmai.js
    printf '%s\n' "$now" >"$stamp"
    ;;
size) size ;;
*) die "usage: scripts/sdk.sh [build|lint|size]" ;;
esac
