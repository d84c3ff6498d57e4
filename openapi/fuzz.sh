#!/bin/sh
# Fuzzes the REST API of a running server with requests that Schemathesis makes of openapi.json, valid and invalid ones, and fails if an answer is
# not described: its status, its content type, its headers, its body; or if it is a fault of the server. Bounded: FUZZ_EXAMPLES for each
# operation (default 12), and two minutes in all. Needs python3; installs Schemathesis into a cache folder, once.
set -eu

schemathesis=4.32.5
. "$(dirname "$0")/server.sh"

home=$cache/schemathesis-$schemathesis
if [ ! -x "$home/bin/schemathesis" ]; then
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet "schemathesis==$schemathesis"
fi

# An access token of a new user.
token() {
    curl -sS "$url/v1/users" -H 'Content-Type: application/json' \
        -d "{\"name\": \"$1\", \"password\": \"correct horse\", \"deviceId\": \"fuzz\"}" |
        "$home/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["tokens"]["accessToken"])'
}

# Left out are two checks of what is accepted. What JSON Schema calls valid may still be refused: it cannot count bytes, and messages that are sent
# and received are open to new fields. What it calls invalid may be taken: in ProtoJSON, null is a field that is absent.
left_out=positive_data_acceptance,negative_data_rejection

# fuzz <user> <options>: the same seed makes the same requests
fuzz() {
    user=$1
    shift
    (cd "$work" && timeout 120 "$home/bin/schemathesis" run "$root/openapi/openapi.json" \
        --url "$url" --header "Authorization: Bearer $(token "$user")" --checks all --exclude-checks "$left_out" \
        --seed 1 --max-examples "${FUZZ_EXAMPLES:-12}" --workers 2 --generation-database none --warnings off --no-color "$@")
}

# who logs out is out, so that comes last and has a token of its own
fuzz ada --exclude-operation-id logOut --exclude-operation-id logOutAll
fuzz bob --include-operation-id logOut --include-operation-id logOutAll
