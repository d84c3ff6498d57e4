# shellcheck shell=bash disable=SC2016,SC2154
# Redis, without a file: what it holds can be built again.

install_redis() { debian redis-server redis-server; }

run_redis() {
    launch "$1" redis-server --bind 127.0.0.1 --port "$2" --dir "$1" --save '' --appendonly no --set-proc-title no
}

ready_redis() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "PING\r\n" >&3 && read -r answer <&3 && [[ $answer == +PONG* ]]' _ "$2"
}

# A cluster of three nodes without replicas: each holds a third of the keys.

install_redis_cluster() { install_redis; }

run_redis_cluster_node() {
    [ -s "$1/bus" ] || free_port >"$1/bus"
    launch "$1" redis-server --bind 127.0.0.1 --port "$2" --dir "$1" --save '' --appendonly no --set-proc-title no \
        --cluster-enabled yes --cluster-port "$(cat "$1/bus")" --cluster-node-timeout 2000
}
run_redis_cluster_a() { run_redis_cluster_node "$@"; }
run_redis_cluster_b() { run_redis_cluster_node "$@"; }
run_redis_cluster_c() { run_redis_cluster_node "$@"; }

ready_redis_cluster_a() { ready_redis "$@"; }
ready_redis_cluster_b() { ready_redis "$@"; }

# The last one brings them together, once; then each says whether all keys have a node.
ready_redis_cluster_c() {
    local node addresses=()
    for node in a b c; do
        addresses+=("127.0.0.1:$(cat "$folder/redis_cluster_$node/port")")
    done
    if redis-cli -p "$2" cluster info | grep -q '^cluster_slots_assigned:0'; then
        redis-cli --cluster create "${addresses[@]}" --cluster-yes
    fi
    for node in "${addresses[@]}"; do
        redis-cli -p "${node#*:}" cluster info | grep -q '^cluster_state:ok' || return
    done
}
