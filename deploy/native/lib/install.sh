# shellcheck shell=bash disable=SC2016,SC2154
# Installing: from Debian's packages, which must not start servers of their own.

# debian PROGRAM PACKAGE: the package, if the program is missing.
debian() {
    command -v "$1" >/dev/null && return
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        die "$1 is missing; install it (on Debian: apt-get install $2), or run this as root on Debian"
    fi
    say "installing $2"
    (
        exec {machine}>>/var/lock/parlance-engines
        flock "$machine"
        command -v "$1" >/dev/null && exit
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            made=$policy
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod +x "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive
        log=$(mktemp)
        trap 'rm -f "$log" "${made:-}"' EXIT
        { apt-get install -qq --no-install-recommends "$2" || { apt-get update -qq && apt-get install -qq --no-install-recommends "$2"; }; } >"$log" 2>&1 || {
            cat "$log"
            exit 1
        }
    ) >&2 </dev/null
}
