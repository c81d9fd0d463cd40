# `make run` to try it, `make test` before a change goes in; `make help` lists the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run serve build console sdk test fmt lint unit e2e doc policy fuzz-smoke bench install-build install-run install-test

export PATH := $(CURDIR)/.tools/bin:$(PATH)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/' | expand -t 14

run: build ## install what is missing, build, start the gateway with a demo room
	@scripts/demo.sh

serve: build ## the same without the demo room
	@exec target/release/lianmai serve --config config/dev.toml

build: install-run console ## release build of the gateway and its worker
	@cargo build --release --locked -p lianmai-gateway -p lianmai-mixer

console: install-build ## build the web console if its sources changed
	@scripts/console.sh build

sdk: install-build ## build the JavaScript SDK and put it beside the examples
	@scripts/sdk.sh build
	@scripts/sdk.sh size

test: install-test ## everything CI runs
	@scripts/check.sh all

fmt: ## format the sources
	@cargo fmt --all && cargo fmt --manifest-path fuzz/Cargo.toml

lint: install-build ## formatting and clippy, warnings are errors
	@scripts/check.sh console sdk fmt lint

unit: install-test ## tests of the crates (unit and property tests)
	@scripts/check.sh unit

e2e: install-test ## end-to-end tests with real clients
	@scripts/check.sh console sdk build e2e

doc: install-build ## API documentation and its examples, warnings are errors
	@scripts/check.sh doc doctest

policy: install-test ## licences, bans, minimum versions, sources; layers of the crates
	@scripts/check.sh policy layers

fuzz-smoke: install-test ## a few seconds on every fuzz target
	@scripts/check.sh fuzz

bench: install-test console ## load generator and benchmarks (ARGS="…" is passed on)
	@cargo build --release --locked -p lianmai-gateway -p lianmai-mixer
	@cargo run --release --locked -p lianmai-benches -- $(ARGS)

install-build install-run install-test:
	@scripts/install.sh $(@:install-%=%)
