#!/bin/sh
# Has openapi.json judged by a validator that is not ours: Redocly's linter with its strictest rule set (structure, references, examples
# against their schemas, unused components; warnings count as errors), or, where there is no npm, openapi-spec-validator in a virtual
# environment (structure and references). Installs the chosen one into a cache folder, once.
set -eu

redocly=2.77.0
spec_validator=0.9.0

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/parlance

if command -v npm >/dev/null 2>&1; then
    home=$cache/redocly-$redocly
    [ -x "$home/node_modules/.bin/redocly" ] ||
        npm install --silent --no-audit --no-fund --prefix "$home" "@redocly/cli@$redocly"
    exec env REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
        "$home/node_modules/.bin/redocly" lint --extends=recommended-strict "$here/openapi.json"
elif command -v python3 >/dev/null 2>&1; then
    home=$cache/openapi-spec-validator-$spec_validator
    if [ ! -x "$home/bin/openapi-spec-validator" ]; then
        python3 -m venv "$home"
        "$home/bin/pip" install --quiet "openapi-spec-validator==$spec_validator"
    fi
    exec "$home/bin/openapi-spec-validator" "$here/openapi.json"
else
    echo "openapi/validate.sh needs npm or python3 to install a validator" >&2
    exit 2
fi
