#!/usr/bin/env bash
# Runs the fuzz targets with libFuzzer on the stable toolchain, without cargo-fuzz.
#   scripts/fuzz.sh [SECONDS [TARGET...]]      SECONDS per target (default 5); all targets by default
#
# Seeds are read from fuzz/corpus/TARGET. New inputs go to $FUZZ_OUT/TARGET (default: a temporary folder that is
# removed), inputs that crash to fuzz/artifacts/TARGET. A crash, an input over 5 s and 256 MiB of memory fail.
# FUZZ_SEED is the seed of the mutations (default: a new one each time); with it, a target that has passed and has not
# changed since is not run again (FRESH=1 runs it). As many targets run at a time as there are cores.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${1:-5}
shift || true
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for f in fuzz/fuzz_targets/*.rs; do
        f=${f##*/}
        targets+=("${f%.rs}")
    done
fi

# What `cargo fuzz --sanitizer none` passes. With --target these flags stay away from build scripts and macros.
flags="-Cpasses=sancov-module"
for arg in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$arg"
done
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="$flags --cfg fuzzing" CARGO_TARGET_DIR=fuzz/target CARGO_TERM_PROGRESS_WHEN=never \
    cargo build --quiet --release --target "$host" --manifest-path fuzz/Cargo.toml "${targets[@]/#/--bin=}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; kill $(jobs -p) 2>/dev/null || true' EXIT

# What a run from a seed depends on: the program, its seeds, what it is told.
inputs_of() { # target, options
    local target=$1
    {
        stat -c '%s %.Y' "fuzz/target/$host/release/$target"
        find "fuzz/corpus/$target" "fuzz/dict/$target" -type f -print0 2>/dev/null | hash_files || true
        printf '%s\n' "${@:2}"
    } | sha256sum | cut -d' ' -f1
}

run() { # target
    local target=$1 found log=$scratch/$1.log passed=fuzz/target/passed/$1 inputs dirs options runs
    options=(-max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=5 -rss_limit_mb=256 -max_len="${FUZZ_MAX_LEN:-16384}"
        -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/")
    [ -f "fuzz/dict/$target" ] && options+=(-dict="fuzz/dict/$target")
    inputs=$(inputs_of "$target" "${options[@]}")
    if [ -n "${FUZZ_SEED:-}" ] && [ -z "${FRESH:-}" ] && [ "$(cat "$passed" 2>/dev/null)" = "$inputs" ]; then
        printf '    %-16s passed before from this seed (FRESH=1 runs it)\n' "$target"
        return 0
    fi
    found=${FUZZ_OUT:-$scratch}/$target
    mkdir -p "$found" "fuzz/artifacts/$target" fuzz/target/passed
    dirs=("$found")
    [ -d "fuzz/corpus/$target" ] && dirs+=("fuzz/corpus/$target")
    "fuzz/target/$host/release/$target" "${options[@]}" "${dirs[@]}" >"$log" 2>&1 &
    # The trap of the caller ends this shell only.
    # shellcheck disable=SC2064
    trap "kill $!" TERM
    if ! wait $!; then
        grep -A 2 -E 'panicked at|ERROR: libFuzzer|Test unit written' "$log" >&2 || tail -n 40 "$log" >&2
        die "$target failed; the input, if it could be written, is in fuzz/artifacts/$target"
    fi
    rmdir "fuzz/artifacts/$target" fuzz/artifacts 2>/dev/null || true
    # Coverage after the seeds and at the end, from lines like "#123 DONE cov: 456 ft: …".
    cov() { sed -n "s/.*$1 *cov: \([0-9]*\).*/\1/p" "$log" | tail -n 1; }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '    %-16s %9s runs  coverage %s -> %s\n' "$target" "$runs" "$(cov INITED)" "$(cov DONE)"
    printf '%s\n' "$inputs" >"$passed"
}

# As many at a time as there are cores; the first that fails ends the rest.
running=0
for target in "${targets[@]}"; do
    if [ "$running" -ge "$(nproc)" ]; then
        wait -n || exit 1
        running=$((running - 1))
    fi
    run "$target" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || exit 1
    running=$((running - 1))
done
