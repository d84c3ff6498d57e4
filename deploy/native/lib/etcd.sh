# shellcheck shell=bash disable=SC2016,SC2154
# etcd, one node. The port for other nodes is of no use, but it insists on one.

install_etcd() { debian etcd etcd-server; }

run_etcd() {
    [ -s "$1/peers" ] || free_port >"$1/peers"
    local peers
    peers=http://127.0.0.1:$(cat "$1/peers")
    launch "$1" etcd --name parlance --data-dir "$1/data" --logger zap \
        --listen-client-urls "http://127.0.0.1:$2" --advertise-client-urls "http://127.0.0.1:$2" \
        --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "parlance=$peers"
}

ready_etcd() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /health HTTP/1.0\r\n\r\n" >&3 && grep -q "\"health\":\"true\"" <&3' _ "$2"
}
