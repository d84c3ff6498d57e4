#!/usr/bin/env bash
# Asks an implementation that is not ours, protovalidate (reflective, with CEL and RE2), what it thinks of every vector. Installs what it needs
# into a cache folder, once.
set -euo pipefail

protovalidate=1.3.0
protobuf=2.17.0

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parlance}
tools=$cache/protovalidate-$protovalidate-$protobuf
[ -d "$tools/node_modules" ] ||
    npm install --silent --no-audit --no-fund --prefix "$tools" "@bufbuild/protovalidate@$protovalidate" "@bufbuild/protobuf@$protobuf"

given=$(mktemp -d)
trap 'rm -rf "$given"' EXIT
(cd "$root" && cargo run --quiet --locked -p schema-vectors -- "$given")
node "$here/oracle.mjs" "$tools" "$given"
