#!/usr/bin/env bash
# Has the package judged: strict types, agreement with the API description, style, tests against a running platform, and a stranger's project
# that takes it as a tarball. Installs pinned tools beside the package, once.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}

if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --silent
    cp package-lock.json node_modules/.installed
fi
bin=$PWD/node_modules/.bin

rm -rf build dist
"$bin/tsc" -p tsconfig.json
"$bin/tsc" -p tsconfig.test.json
mkdir -p build
"$bin/openapi-typescript" "$root/openapi/openapi.json" -o build/openapi.ts >/dev/null
"$bin/tsc" -p tsconfig.agree.json
"$bin/eslint" .
"$bin/prettier" --check --log-level warn .

# a project that is not ours takes the package as it would from a registry, whichever way it resolves modules
stranger=$(mktemp -d)
trap 'rm -rf "$stranger"' EXIT
npm pack --ignore-scripts --silent --pack-destination "$stranger" >/dev/null
cp test/stranger/* "$stranger"
(
    cd "$stranger"
    npm install --silent --no-audit --no-fund --no-package-lock ./parlance-client-*.tgz
    for resolution in NodeNext Bundler; do
        module=$resolution
        [ "$resolution" = Bundler ] && module=ESNext
        "$bin/tsc" -p . --module "$module" --moduleResolution "$resolution"
    done
)

folder=$PWD/build/vectors
(cd "$root" && cargo run --quiet --locked -p schema-vectors -- "$folder" && cargo build --quiet --locked -p parlance)
PARLANCE=$target/debug/parlance node --experimental-websocket --no-warnings --test --test-reporter "${REPORTER:-dot}" build/test/
