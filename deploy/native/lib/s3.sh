# shellcheck shell=bash disable=SC2016,SC2154
# S3 over a folder: access key `parlance`, secret key `parlance-secret`, bucket `parlance`.

s3_version=1.8.0

install_s3() {
    local tools=$cache/tools/versitygw-$s3_version
    [ -x "$tools/versitygw" ] && return
    command -v go >/dev/null || die "s3 needs Go to install versitygw"
    say "installing versitygw $s3_version"
    (
        exec {machine}>>"$cache/versitygw.lock"
        flock "$machine"
        [ -x "$tools/versitygw" ] || GOBIN=$tools go install "github.com/versity/versitygw/cmd/versitygw@v$s3_version"
    ) >&2 </dev/null
}

run_s3() {
    mkdir -p "$1/data/parlance" "$1/metadata"
    launch "$1" "$cache/tools/versitygw-$s3_version/versitygw" --access parlance --secret parlance-secret \
        --port "127.0.0.1:$2" --health /health posix --sidecar "$1/metadata" "$1/data"
}

ready_s3() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /health HTTP/1.0\r\n\r\n" >&3 && read -r status <&3 && [[ $status == *" 200 "* ]]' _ "$2"
}
