#!/bin/sh
# Runs the samples of the reference as a reader would: those for curl and grpcurl in a shell, those for TypeScript through the strict compiler and
# node, all against a running server. (What goes over a WebSocket is tried by the tests of im-testkit.) Needs curl, node, npm and go; installs grpcurl
# into a cache folder, once.
set -eu

grpcurl=1.9.4
. "$(dirname "$0")/server.sh"

if [ ! -x "$cache/grpcurl-$grpcurl/grpcurl" ]; then
    GOBIN="$cache/grpcurl-$grpcurl" go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@v$grpcurl"
fi
PATH=$cache/grpcurl-$grpcurl:$PATH
export PATH

package=$root/generated/typescript
[ -x "$package/node_modules/.bin/tsc" ] || (cd "$package" && npm ci --ignore-scripts --silent)
"$package/node_modules/.bin/tsc" -p "$package/tsconfig.json"
mkdir -p "$work/typescript/node_modules/@parlance"
ln -s "$package" "$work/typescript/node_modules/@parlance/client"

node --experimental-websocket --no-warnings "$root/openapi/samples.mjs" "$root/openapi/reference" "$url" "$server" "$work/typescript" "$package/node_modules/.bin/tsc"
