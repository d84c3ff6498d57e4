# shellcheck shell=bash disable=SC2016,SC2154
# Servers: each has a folder `$folder/<name>` with its port, its pid, its output and its data, and two functions of its own:
#   run_<name> FOLDER PORT     prepares the data if there is none and calls `launch FOLDER PROGRAM ARGUMENTS…`
#   ready_<name> FOLDER PORT   whether clients can use it
# The folder's path stands in each server's command line: that, with the pid, is how it is known again.

say() { echo "engines: $*" >&2; }

die() {
    say "$*"
    exit 1
}

# A free port that no client is given for its own end of a connection: it must still be free after a while without the server.
free_port() {
    local port
    for _ in $(seq 50); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
        if ! listening "$port" && ! grep -qx "$port" "$folder"/*/port 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    die "no free port between 20000 and 29999"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Whether the process of the pid file in a folder is still the server of that folder.
runs() {
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
    { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF -- "$1"
}

# Whether a process has ended, be it that nobody has asked for its exit code yet.
gone() { ! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }

alive() { runs "$folder/$1"; }

# Starts a server of this folder, on the port that it had.
begin() {
    local own=$folder/$1
    mkdir -p "$own"
    [ -s "$own/port" ] || free_port >"$own/port"
    "run_$1" "$own" "$(cat "$own/port")"
}

# Runs a program in the background that outlives this script and holds nothing of it: neither its lock, nor the pipe of whoever reads its output.
launch() {
    local own=$1 fd
    shift
    (
        for fd in "/proc/$BASHPID/fd/"*; do
            fd=${fd##*/}
            [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
        done
        cd "$own" || exit
        exec setsid "$@"
    ) </dev/null >>"$own/output" 2>&1 &
    echo $! >"$own/pid"
}

# Waits until clients can use a server.
await() {
    local own=$folder/$1 port deadline=$((SECONDS + 240))
    port=$(cat "$own/port")
    until "ready_$1" "$own" "$port" >/dev/null 2>&1; do
        if gone "$(cat "$own/pid")"; then
            tail -n 20 "$own/output" >&2
            die "$1 ended instead of starting; what it said last is above, all of it in $own/output"
        fi
        [ "$SECONDS" -lt "$deadline" ] || die "$1 is not usable after 240 s; see $own/output"
        sleep 0.05
    done
}

# end SIGNAL FOLDER: ends the server of a folder and waits for its end; SIGKILL where patience does not help.
end() {
    local pid tick
    if runs "$2"; then
        pid=$(cat "$2/pid")
        kill "-$1" "$pid"
        for ((tick = 0; tick < 400; tick++)); do
            ! gone "$pid" || break
            [ "$tick" -ne 300 ] || kill -KILL "$pid"
            sleep 0.05
        done
    fi
    rm -f "$2/pid"
}
