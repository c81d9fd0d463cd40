# Shared by the scripts of this folder (sourced, not run): the project's root, its own tools, messages.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
export PATH="$ROOT/.tools/bin:$PATH"

have() { command -v "$1" >/dev/null 2>&1; }
die() { printf '%s\n' "error: $*" >&2; exit 1; }

# A hash over names and contents of files; unlike modification times it survives a fresh checkout.
hash_files() { LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -d' ' -f1; }
