#!/usr/bin/env bash
# Runs the tests, except the programs of them that passed before and have nothing new to say.
#   scripts/tests.sh           FRESH=1 runs all; so does a fresh checkout, where nothing has passed yet
#
# After a run without a failure every test program is noted with its size and time of modification (cargo links it anew
# when any of its sources changes), together with what all of them stand on: every file of the project that is not Rust,
# what is built of those, the gateway and its worker, the packages of this machine. If anything of the latter changes,
# all tests run. Programs that read Rust sources when they run are not noted, and nothing is without git.
set -euo pipefail
# What cannot be looked at must not count as unchanged.
shopt -s inherit_errexit
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

READ_SOURCES=(lianmai-tests::architecture lianmai-tests::mini_program_rows)

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    exec cargo nextest run --locked --workspace
fi

list=$(cargo nextest list --cargo-quiet --locked --workspace --list-type binaries-only --message-format json)
target=$(jq -r '."rust-build-meta"."target-directory"' <<<"$list")
passed=$target/tests-passed

# Sizes and times of programs, a line each: size, time, path.
look_of() { stat -c '%s %.Y %n' "$@"; }

surroundings() {
    {
        git ls-files -z --cached --others --exclude-standard -- . ':!*.rs' |
            while IFS= read -rd '' file; do if [ -f "$file" ]; then printf '%s\0' "$file"; fi; done | hash_files
        find console/dist sdk/js/dist examples/*/lib -type f -print0 | hash_files
        look_of "$target/debug/lianmai" "$target/debug/lianmai-worker"
        dpkg-query -W -f '${Package} ${Version}\n'
        uname -r
        node --version
        env | grep -E '^(TEST_|UPDATE_|CHROMIUM=|FFMPEG=)' || true
    } | sha256sum | cut -d' ' -f1
}

# Each test program: its id, surroundings, size and time.
programs() {
    local around
    around=$(surroundings)
    jq -r '."rust-binaries"[] | [."binary-path", ."binary-id"] | @tsv' <<<"$list" |
        while IFS=$'\t' read -r path id; do
            printf '%s %s %s\n' "$id" "$around" "$(look_of "$path")"
        done | LC_ALL=C sort
}

now=$(programs)
for id in "${READ_SOURCES[@]}"; do
    grep -q "^$id " <<<"$now" || die "no test program $id"
    now=$(grep -v "^$id " <<<"$now")
done

same=()
if [ -z "${FRESH:-}" ] && [ -f "$passed" ]; then
    mapfile -t same < <(LC_ALL=C comm -12 "$passed" - <<<"$now" | cut -d' ' -f1)
fi
filter=()
if [ ${#same[@]} -gt 0 ]; then
    printf '    %d of %d test programs passed before and nothing of them has changed (FRESH=1 runs all)\n' \
        ${#same[@]} "$(jq '."rust-binaries" | length' <<<"$list")"
    printf -v ids ' | binary_id(=%s)' "${same[@]}"
    filter=(-E "not (${ids# | })")
fi
cargo nextest run --locked --workspace "${filter[@]}"
printf '%s\n' "$now" >"$passed"
