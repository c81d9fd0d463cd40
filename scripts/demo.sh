#!/usr/bin/env bash
# Starts the built gateway on the dev config with a demo room in which two members push a test picture and a tone.
# Ctrl-C stops everything that was started here.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

LIANMAI=target/release/lianmai
CONFIG=config/dev.toml
HTTP=${LIANMAI_DEMO_HTTP:-http://127.0.0.1:8080}
[ -x "$LIANMAI" ] || die "$LIANMAI is missing: run 'make build'"

# The REST API -----------------------------------------------------------------------------------
# Each function is one request. `api METHOD PATH [JSON]` prints the answer and fails on a problem answer.

api() {
    local method=$1 path=$2 body=${3:-} answer
    if ! answer=$(curl --silent --show-error --fail-with-body --max-time 10 -X "$method" "$HTTP$path" \
        -H "authorization: Bearer $TOKEN" ${body:+-H "content-type: application/json" --data "$body"}); then
        die "$method $path failed: $answer"
    fi
    printf '%s\n' "$answer"
}

api_token() { # a signed token that acts for the demo app's own server
    "$LIANMAI" token --config "$CONFIG" --app demo --account demo-server --server
}

api_create_room() { # name → room id
    api POST /v1/rooms "$(jq -nc --arg name "$1" '{name: $name}')" | jq -er .id
}

api_end_rooms() { # name: ends the rooms an earlier demo has left
    local room
    api GET /v1/rooms | jq -r --arg name "$1" '.rooms[] | select(.settings.name == $name) | .id' |
        while read -r room; do api DELETE "/v1/rooms/$room" >/dev/null; done
}

api_join() { # room, account → member id
    api POST "/v1/rooms/$1/members" "$(jq -nc --arg account "$2" '{account: $account, role: "talker"}')" |
        jq -er .member
}

api_publish() { # room, member → {"stream": {"id"}, "push": {"url"}}
    api POST "/v1/rooms/$1/streams" "$(jq -nc --arg member "$2" '{member: $member, kind: "camera"}')"
}

api_pull() { # room, stream → {"rtmp", "http_flv", "ws_flv"}
    api POST "/v1/rooms/$1/streams/$2/pull-url"
}

# Processes --------------------------------------------------------------------------------------

pids=()
stop() {
    trap - EXIT INT TERM
    # The members first, the gateway (first of the list) last.
    local i
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2>/dev/null || true
        wait "${pids[i]}" 2>/dev/null || true
    done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_gateway() {
    if curl --silent --output /dev/null --max-time 2 "$HTTP/healthz"; then
        die "something is already listening on $HTTP"
    fi
    "$LIANMAI" serve --config "$CONFIG" &
    pids+=($!)
    local i
    for ((i = 0; i < 150; i++)); do
        curl --silent --fail --output /dev/null --max-time 2 "$HTTP/readyz" && return
        kill -0 "${pids[0]}" 2>/dev/null || die "the gateway stopped"
        sleep 0.2
    done
    die "the gateway is not ready after 30 s"
}

# H.264 baseline and AAC as mini-programs send them; every member has a picture and a tone of its own.
push() { # URL, picture, tone in Hz
    ffmpeg -hide_banner -loglevel error -nostdin -re \
        -f lavfi -i "$2=size=640x360:rate=25" -f lavfi -i "sine=frequency=$3:sample_rate=48000" \
        -c:v libx264 -preset veryfast -tune zerolatency -profile:v baseline -pix_fmt yuv420p -g 50 -b:v 600k \
        -c:a aac -ac 2 -b:a 64k -f flv "$1" &
    pids+=($!)
}

member() { # room, account, picture, tone
    local member published push_url stream urls
    member=$(api_join "$1" "$2")
    published=$(api_publish "$1" "$member")
    push_url=$(jq -er .push.url <<<"$published")
    stream=$(jq -er .stream.id <<<"$published")
    push "$push_url" "$3" "$4"
    urls=$(api_pull "$1" "$stream")
    jq -er --arg account "$2" '"  \($account)  RTMP      \(.rtmp)", "  \($account)  HTTP-FLV  \(.http_flv)"' <<<"$urls"
}

# ------------------------------------------------------------------------------------------------

start_gateway
TOKEN=$(api_token)
api_end_rooms "Demo room"
room=$(api_create_room "Demo room")
members=$(mktemp)
{
    member "$room" alice testsrc2 440
    member "$room" carol smptebars 660
} >"$members"

printf '\nWatch page  %s/\n\nPull URLs of room %s:\n' "$HTTP" "$room"
cat "$members"
rm -f "$members"
printf '\nStop with Ctrl-C.\n'
wait -n "${pids[@]}" || true
die "one of the demo's processes ended"
