#!/bin/sh
# Has the documents judged by programs that are not ours; anything that they say, a warning too, is a failure.
#   openapi.json   Redocly's linter with its strictest rules (structure, references, examples against their schemas, unused components), and
#                  Spectral with its rules for OpenAPI
#   asyncapi.json  the parser of the AsyncAPI initiative (structure, references, examples against their schemas)
# Where there is no npm, openapi.json at least goes through openapi-spec-validator (structure and references). Installs what it needs into a
# cache folder, once.
set -eu

redocly=2.77.0
spectral=6.16.3
asyncapi=3.6.6
spec_validator=0.9.0

here=$(cd "$(dirname "$0")" && pwd)
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parlance}

# install <folder> <npm package with version>
install() {
    [ -d "$cache/$1/node_modules" ] ||
        npm install --silent --no-audit --no-fund --prefix "$cache/$1" "$2"
}

if command -v npm >/dev/null 2>&1; then
    install "redocly-$redocly" "@redocly/cli@$redocly"
    install "spectral-$spectral" "@stoplight/spectral-cli@$spectral"
    install "asyncapi-parser-$asyncapi" "@asyncapi/parser@$asyncapi"
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
        "$cache/redocly-$redocly/node_modules/.bin/redocly" lint --extends=recommended-strict "$here/openapi.json"
    "$cache/spectral-$spectral/node_modules/.bin/spectral" lint --fail-severity=hint --ruleset "$here/spectral.yaml" "$here/openapi.json"
    node "$here/asyncapi-check.mjs" "$cache/asyncapi-parser-$asyncapi" "$here/asyncapi.json"
elif command -v python3 >/dev/null 2>&1; then
    home=$cache/openapi-spec-validator-$spec_validator
    if [ ! -x "$home/bin/openapi-spec-validator" ]; then
        python3 -m venv "$home"
        "$home/bin/pip" install --quiet "openapi-spec-validator==$spec_validator"
    fi
    "$home/bin/openapi-spec-validator" "$here/openapi.json"
else
    echo "openapi/validate.sh needs npm or python3 to install a validator" >&2
    exit 2
fi
