#!/usr/bin/env bash
# Builds the web console into console/dist, only when its sources changed. Does nothing while there is no console.
#   scripts/console.sh [build|lint]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ -f console/package.json ] || exit 0
case "${1:-build}" in
lint)
    cd console
    npm run --silent --if-present lint
    ;;
build)
    stamp=console/node_modules/.built-sources
    # It shares what browsers need for WebRTC with the SDK, and that brings along what it stands on.
    now=$(find console sdk/js/src \( -name node_modules -o -name dist \) -prune -o -type f -print0 | hash_files)
    if [ -d console/dist ] && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; then exit 0; fi
    (cd console && npm run --silent build)
    mkdir -p "${stamp%/*}"
    printf '%s\n' "$now" >"$stamp"
    ;;
*) die "usage: scripts/console.sh [build|lint]" ;;
esac
