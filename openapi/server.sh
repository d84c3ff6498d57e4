# Sourced by fuzz.sh and samples.sh: starts `parlance dev` on a free port with a folder of its own, cheap passwords and no rate limits, and sets
# `url`. The server ends with the script.

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parlance}
work=$(mktemp -d)
server=

finish() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ]; then
        tail -n 40 "$work/server.log" >&2 2>/dev/null || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT INT TERM

(cd "$root" && cargo build --workspace --locked --quiet --bin parlance)

set --
for class in credentials read write send; do
    set -- "$@" --set "limits.$class.per_second=1000000" --set "limits.$class.burst=1000000"
done
"${CARGO_TARGET_DIR:-$root/target}/debug/parlance" dev --data "$work/data" --listen 127.0.0.1:0 \
    --set repo.bcrypt_cost=4 "$@" >"$work/server.log" 2>&1 &
server=$!

for _ in $(seq 300); do
    [ -s "$work/data/address" ] && break
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.1
done
url=$(cat "$work/data/address")
