#!/usr/bin/env bash
# The definition of green: what `make test` and CI run. Stops at the first failure.
#   scripts/check.sh all | STEP...     steps: console sdk fmt policy lint build doc doctest fuzz tests layers unit e2e
#
# clippy, build and tests all say `--workspace --all-targets`: one feature set, so no dependency is compiled twice
# for one kind of artefact. The tests come last, so that their summary is what one sees.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

export CARGO_TERM_PROGRESS_WHEN=never CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-1}
started=$SECONDS

step_console() { scripts/console.sh lint && scripts/console.sh build; }

step_sdk() { scripts/sdk.sh lint && scripts/sdk.sh build && scripts/sdk.sh size; }

step_fmt() { cargo fmt --all --check && cargo fmt --check --manifest-path fuzz/Cargo.toml; }

# Licences, bans, minimum versions, sources. The advisory database would need the network: deny.toml pins instead.
step_policy() {
    deny --locked --manifest-path Cargo.toml
    deny --manifest-path fuzz/Cargo.toml
}

deny() { # cargo-deny options
    cargo deny --offline --log-level warn --config "$ROOT/deny.toml" "$@" check licenses bans sources
}

step_lint() { cargo clippy --quiet --locked --workspace --all-targets -- -D warnings; }

# The end-to-end tests run target/debug/lianmai.
step_build() { cargo build --quiet --locked --workspace --all-targets; }

step_doc() { RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps; }

step_doctest() { cargo test --quiet --locked --workspace --doc; }

# The same seed each time, so that runs differ little: what is new is looked for by the long ones.
step_fuzz() { FUZZ_SEED=1 scripts/fuzz.sh "${FUZZ_SECONDS:-3}"; }

step_tests() { scripts/tests.sh; }

step_layers() { cargo nextest run --locked --workspace --test architecture; }

step_unit() { cargo nextest run --locked --workspace -E 'not package(lianmai-tests)'; }

step_e2e() { cargo nextest run --locked --workspace -E 'package(lianmai-tests)'; }

run() {
    local name=$1 start=$SECONDS
    declare -F "step_$name" >/dev/null || die "unknown step $name"
    printf '==> %s\n' "$name"
    # A plain call, not `step || …`: that would switch `set -e` off inside the step.
    "step_$name"
    printf '    %s: %d s\n' "$name" $((SECONDS - start))
}

finish() { [ $? = 0 ] || printf 'FAILED after %d s\n' $((SECONDS - started)) >&2; }
trap finish EXIT

[ $# -gt 0 ] || die "usage: scripts/check.sh all | STEP..."
if [ "$1" = all ]; then set -- console sdk fmt policy lint build doc doctest fuzz tests; fi
for name in "$@"; do run "$name"; done
printf 'all green in %d s\n' $((SECONDS - started))
