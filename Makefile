# The commands of this project. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

# Compiled dependencies and tools may be kept between runs; everything also works without.
CACHE ?= $(HOME)/.cache/parlance
DENY := $(CACHE)/tools/bin/cargo-deny
REFERENCES := $(abspath target/snapshot-references)

.PHONY: help dev test check format lint docs deny drift openapi buf typescript fuzz samples snapshots new-field new-rpc oracle deploy faults

help: ## lists these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

dev: ## the whole platform in one process
	cargo run --release --locked -- dev

test: ## all tests, on real engines that end with them
	@mkdir -p target && rm -f $(REFERENCES)
	trap 'deploy/native/engines down' EXIT; \
	CACHE=$(CACHE) deploy/native/engines up; \
	INSTA_UPDATE=no INSTA_SNAPSHOT_REFERENCES_FILE=$(REFERENCES) cargo test --workspace --locked
	.ci/stale-snapshots $(REFERENCES)

faults: ## processes and engines of a whole deployment are killed, stopped and cut off under load: 25 seeds, and a rolling restart
	cargo test --workspace --locked --test processes --no-run
	@mkdir -p target
	CACHE=$(CACHE) "$${CARGO_TARGET_DIR:-target}/debug/parlance-faults" --seeds 25 --json target/faults.json

check: format lint docs deny openapi buf typescript deploy ## everything but the tests

format: ## rustfmt
	cargo fmt --all --check

lint: ## clippy, warnings denied; once more for the program as it is built by default, which has fewer features than the workspace
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --package parlance --locked -- -D warnings

docs: ## rustdoc, warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

deny: $(DENY) ## licences, sources and the direction of dependencies
	$(DENY) --all-features check licenses bans sources

$(DENY):
	cargo install cargo-deny --version 0.20.2 --locked --root $(CACHE)/tools

drift: ## the schema breaks no release and no rule of the house, and what is generated from it is up to date
	cargo run --locked -p build-support --bin parlance-schema -- check

openapi: drift ## the documents are valid, say independent validators
	CACHE=$(CACHE) openapi/validate.sh

fuzz: ## no request makes the server give an answer that the API description lacks
	CACHE=$(CACHE) openapi/fuzz.sh

samples: ## the samples of the reference for curl, grpcurl and TypeScript do what they show
	CACHE=$(CACHE) openapi/samples.sh

buf: ## the schema, says an independent linter, is well formed and breaks no release
	CACHE=$(CACHE) schema/second-opinion.sh

new-field: ## a new field needs no edit but the schema's, shown in a copy of the tree
	CACHE=$(CACHE) .ci/new-field

new-rpc: ## a new RPC needs no edit but the schema's and one handler's, shown in a copy of the tree
	CACHE=$(CACHE) .ci/new-rpc

typescript: drift ## the TypeScript package: types, style, and tests against a running platform
	generated/typescript/test.sh

deploy: ## images, Compose, the Helm chart and load balancers, say independent linters; the load balancers run
	CACHE=$(CACHE) deploy/check.sh

oracle: ## protovalidate agrees on every vector of every rule
	generated/vectors/oracle.sh

snapshots: ## takes the present output of all snapshot tests for right
	INSTA_UPDATE=always cargo test --workspace --locked
