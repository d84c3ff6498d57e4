#!/bin/sh
# Has the schema judged by a tool that is not ours: buf's lint, its formatter, and its comparison with each frozen release. Installs buf
# into a cache folder, once. With `--write` the files are formatted instead.
set -eu

version=1.75.0

here=$(cd "$(dirname "$0")" && pwd)
home=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parlance}/buf-$version
buf=$home/node_modules/.bin/buf

if [ ! -x "$buf" ]; then
    command -v npm >/dev/null 2>&1 || {
        echo "schema/second-opinion.sh needs npm to install buf" >&2
        exit 2
    }
    npm install --silent --no-audit --no-fund --prefix "$home" "@bufbuild/buf@$version"
fi

cd "$here"
if [ "${1:-}" = --write ]; then
    exec "$buf" format --write
fi

"$buf" lint
"$buf" format --diff --exit-code || {
    echo "not formatted; mend it with: schema/second-opinion.sh --write" >&2
    exit 1
}
releases=0
for release in baseline/*/schema.binpb; do
    [ -e "$release" ] || continue
    "$buf" breaking --against "$release"
    releases=$((releases + 1))
done
echo "buf has nothing to say against the schema: linted, formatted, compared with $releases release(s)"
