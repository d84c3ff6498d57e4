# shellcheck shell=bash disable=SC2016,SC2154
# Redis, without a file: what it holds can be built again.

install_redis() { debian redis-server redis-server; }

run_redis() {
    launch "$1" redis-server --bind 127.0.0.1 --port "$2" --dir "$1" --save '' --appendonly no --set-proc-title no
}

ready_redis() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "PING\r\n" >&3 && read -r answer <&3 && [[ $answer == +PONG* ]]' _ "$2"
}
