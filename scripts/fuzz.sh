#!/usr/bin/env bash
# Runs the fuzz targets with libFuzzer on the stable toolchain, without cargo-fuzz.
#   scripts/fuzz.sh [SECONDS [TARGET...]]      SECONDS per target (default 5); all targets by default
#
# Seeds are read from fuzz/corpus/TARGET. New inputs go to $FUZZ_OUT/TARGET (default: a temporary folder that is
# removed), inputs that crash to fuzz/artifacts/TARGET. A crash, an input over 5 s and 256 MiB of memory fail.
# FUZZ_SEED is the seed of the mutations (default: a new one each time).
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

log=$(mktemp)
scratch=$(mktemp -d)
trap 'rm -rf "$log" "$scratch"' EXIT
for target in "${targets[@]}"; do
    found=${FUZZ_OUT:-$scratch}/$target
    mkdir -p "$found" "fuzz/artifacts/$target"
    dirs=("$found")
    [ -d "fuzz/corpus/$target" ] && dirs+=("fuzz/corpus/$target")
    options=(-max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=5 -rss_limit_mb=256 -max_len="${FUZZ_MAX_LEN:-16384}"
        -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/")
    [ -f "fuzz/dict/$target" ] && options+=(-dict="fuzz/dict/$target")
    if ! "fuzz/target/$host/release/$target" "${options[@]}" "${dirs[@]}" >"$log" 2>&1; then
        grep -A 2 -E 'panicked at|ERROR: libFuzzer|Test unit written' "$log" >&2 || tail -n 40 "$log" >&2
        die "$target failed; the input, if it could be written, is in fuzz/artifacts/$target"
    fi
    rmdir "fuzz/artifacts/$target" fuzz/artifacts 2>/dev/null || true
    # Coverage after the seeds and at the end, from lines like "#123 DONE cov: 456 ft: …".
    cov() { sed -n "s/.*$1 *cov: \([0-9]*\).*/\1/p" "$log" | tail -n 1; }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '    %-16s %9s runs  coverage %s -> %s\n' "$target" "$runs" "$(cov INITED)" "$(cov DONE)"
done
