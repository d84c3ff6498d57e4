#!/usr/bin/env bash
# balancers.sh NGINX ENVOY: runs nginx and Envoy, with the configurations in nginx/ and envoy/, on this machine in front of the platform, which
# stands for two gateways by having two addresses; and looks whether they do what is said of them. Everything is on loopback and ends with the script.
set -euo pipefail

cd "$(dirname "$0")"
nginx=$1 envoy=$2
parlance=${CARGO_TARGET_DIR:-$(cd .. && pwd)/target}/debug/parlance
work=$(mktemp -d)
started=()

finish() {
    local status=$? pid
    trap - EXIT
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$work"/*.log >&2 || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

die() {
    echo "deploy/balancers.sh: $*" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# until WHAT COMMAND...: waits until the command works, 15 s at most
until_() {
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 150 ] || die "$what"
        sleep 0.1
    done
}

# background NAME COMMAND...: its output goes to NAME.log
background() {
    local log=$work/$1.log
    shift
    "$@" >"$log" 2>&1 &
    started+=("$!")
}

(cd .. && cargo build --workspace --locked --quiet --bin parlance)

gateways=$(free_port) web=$(free_port) balanced=$(free_port) admin=$(free_port)

# whoever connects to one of its addresses comes from that address: so do the load balancers
background platform "$parlance" dev --data "$work/data" --listen "0.0.0.0:$gateways" --set repo.bcrypt_cost=4 \
    --set 'gateway.trusted_proxies=["127.0.0.1/32", "127.0.0.2/32"]'
until_ "the platform does not start" curl -sf "http://127.0.0.1:$gateways/health/ready"

mkdir "$work/nginx"
sed -e "s/gateway-1:7700/127.0.0.1:$gateways/; s/gateway-2:7700/127.0.0.2:$gateways/" \
    -e "s/listen 8080/listen 127.0.0.1:$web/" \
    -e "s#/tmp/nginx.pid#$work/nginx/pid#; s/worker_processes auto/worker_processes 1/" \
    -e "s#worker_rlimit_nofile 65536#worker_rlimit_nofile 1024#; s/worker_connections 32768/worker_connections 512/" \
    nginx/nginx.conf >"$work/nginx/nginx.conf"
"$nginx" -t -q -c "$work/nginx/nginx.conf" -p "$work/nginx" || die "nginx does not take nginx/nginx.conf"
background nginx "$nginx" -c "$work/nginx/nginx.conf" -p "$work/nginx" -g 'daemon off;'

sed -e "s/address: gateway-1, port_value: 7700/address: 127.0.0.1, port_value: $gateways/" \
    -e "s/address: gateway-2, port_value: 7700/address: 127.0.0.2, port_value: $gateways/" \
    -e "s/address: 0.0.0.0, port_value: 8080/address: 127.0.0.1, port_value: $balanced/; s/port_value: 9901/port_value: $admin/" \
    envoy/envoy.yaml >"$work/envoy.yaml"
"$envoy" --mode validate --log-level error -c envoy/envoy.yaml >/dev/null || die "Envoy does not take envoy/envoy.yaml"
background envoy "$envoy" --concurrency 1 --base-id "$$" --log-level warning -c "$work/envoy.yaml"

for name in nginx envoy; do
    port=$web
    [ "$name" = nginx ] || port=$balanced
    until_ "$name does not serve" curl -sf "http://127.0.0.1:$port/health/ready"
done

echo "correct horse battery staple" >"$work/password"

# connections ADDRESS: how many there are to the platform at this address
connections() {
    ss -Htn state established "src $1 and sport = :$gateways" | wc -l
}

# talks NAME PORT: eight who listen, spread over both addresses; one who writes to one of them; and the platform knows who came
talks() {
    local name=$1 url=http://127.0.0.1:$2 user listening=() before_1 before_2
    before_1=$(connections 127.0.0.1) before_2=$(connections 127.0.0.2)
    for user in 1 2 3 4 5 6 7 8; do
        "$parlance" chat tail --url "$url" --user "$name-listener-$user" --register --password-file "$work/password" --number 1 \
            >"$work/$name-$user.heard" 2>"$work/$name-$user.log" &
        started+=("$!")
        listening+=("$!")
        until_ "$name: listener $user does not connect" sockets "$((before_1 + before_2 + user))"
    done
    local on_1=$(($(connections 127.0.0.1) - before_1)) on_2=$(($(connections 127.0.0.2) - before_2))
    [ "$on_1" -ge 2 ] && [ "$on_2" -ge 2 ] || die "$name puts $on_1 connections on one gateway and $on_2 on the other"
    for user in 1 8; do
        "$parlance" chat send --url "$url" --user "$name-writer" --register --password-file "$work/password" --to "$name-listener-$user" hello
        wait "${listening[user - 1]}"
        grep -q hello "$work/$name-$user.heard" || die "$name: what was written did not arrive"
    done
    echo "$name: 8 WebSockets and what else is open, $on_1 connections and $on_2; messages arrive"
}

sockets() {
    [ "$(($(connections 127.0.0.1) + $(connections 127.0.0.2)))" -ge "$1" ]
}

# knows NAME PORT GUESSER OTHER: whoever guesses passwords is stopped, and nobody else
knows() {
    local name=$1 url=http://127.0.0.1:$2/v1/sessions guesser=$3 other=$4 try status=
    for try in $(seq 60); do
        status=$(login "$url" "$guesser")
        [ "$status" = 429 ] && break
    done
    [ "$status" = 429 ] || die "$name: $try wrong passwords in a row, and the answer is $status"
    status=$(login "$url" "$other")
    [ "$status" = 401 ] || die "$name: the limit of one address holds another one up: $status"
    # who claims to be somebody else is still who it is; by now two tries a second are allowed again
    for try in $(seq 10); do
        status=$(login "$url" "$guesser" -H 'X-Forwarded-For: 203.0.113.7')
        [ "$status" = 429 ] && break
    done
    [ "$status" = 429 ] || die "$name: a caller says itself where it comes from: $status"
    echo "$name: wrong passwords are counted for those who try them"
}

# login URL FROM [OPTION...]: the status of a login with a wrong password
login() {
    local url=$1 from=$2
    shift 2
    curl -s -o /dev/null -w '%{http_code}' --interface "$from" "$@" -H 'content-type: application/json' \
        -d '{"name": "nobody", "password": "wrong password", "deviceId": "check"}' "$url"
}

# calls NAME PORT: gRPC
calls() {
    local status
    status=$(printf '\0\0\0\0\0' | curl -s -o /dev/null -D - --http2-prior-knowledge --data-binary @- \
        -H 'content-type: application/grpc' -H 'te: trailers' "http://127.0.0.1:$2/grpc.health.v1.Health/Check" |
        tr -d '\r' | sed -n 's/^grpc-status: //p')
    [ "$status" = 0 ] || die "$1: gRPC status ${status:-missing}"
    echo "$1: gRPC is answered"
}

talks nginx "$web"
talks envoy "$balanced"
calls nginx "$web"
calls envoy "$balanced"
knows nginx "$web" 127.0.0.5 127.0.0.6
knows envoy "$balanced" 127.0.0.7 127.0.0.8
