# The two commands a newcomer needs are `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-peers simulate fmt fuzz deploy-check

CARGO ?= cargo

help: ## Lists the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## A mock company, two identity providers and a desk; Ctrl-C ends it
	$(CARGO) run --quiet -- demo

test: ## Everything CI runs: format, lints, docs, tests, deployment files
	bash tests/tools/test.sh

check: ## The quick part: format and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench: ## Measures evaluate, plan, store and mirror beside their alternatives (release build)
	$(CARGO) bench --bench line --bench store --bench mirror
	$(CARGO) run --release --locked --manifest-path benches/peers/Cargo.toml

bench-peers: ## The part of bench that measures one decision beside zen-engine and cedar-policy (builds them first, for some minutes)
	$(CARGO) run --release --locked --manifest-path benches/peers/Cargo.toml

simulate: ## Lives through SEEDS=10000 seeded worlds with faults and crashes, from FROM=0 on (optimized build)
	SEEDS=$(or $(SEEDS),10000) FROM=$(or $(FROM),0) $(CARGO) test --profile bench --test it -- --nocapture sim::random

fmt: ## Formats the code
	$(CARGO) fmt --all

fuzz: ## Looks for bad inputs with cargo-fuzz, a minute for each reader and the matcher
	bash tests/tools/fuzz.sh

deploy-check: ## Checks the systemd unit and the Kubernetes manifests
	bash tests/tools/deploy.sh
