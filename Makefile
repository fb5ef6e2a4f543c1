# Everything that is done with this repository, by name. `make` alone lists it.
#
#   ARGS=…              is passed on: make run ARGS="--listen 127.0.0.1:9000"
#   CARGO_TARGET_DIR=…  is respected, as by cargo itself

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

# rustup puts cargo here, and only login shells know it.
export PATH := $(HOME)/.cargo/bin:$(PATH)

CARGO ?= cargo
ARGS ?=
# The lock file decides what is built; a change of Cargo.toml that it does not know is an error.
LOCKED := --locked
BINARY := $(or $(CARGO_TARGET_DIR),target)/release/clientele

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## Build, then run a development node with its data in ./data
	@exec "$(BINARY)" dev $(ARGS)

.PHONY: build
build: tools ## Build the release binary
	@$(CARGO) build --release $(LOCKED) --bin clientele

.PHONY: test
test: tools ## Run every test: units, integration, documentation examples
	@$(CARGO) test --workspace $(LOCKED) $(ARGS)

.PHONY: conformance
conformance: tools ## Score the node against the published contract; RAISE=1 writes down what is reached
	@RAISE=$(RAISE) $(CARGO) test --test integration $(LOCKED) $(ARGS) conformance

# What `make test` does a little of, at length, and what takes root: docs/faults.md says what is proven. Each count can be set,
# and SEED=… repeats a run. As root it has mounts of its own, so that none outlives it.
CYCLES ?= 1000
ROUNDS ?= 1000
POWER_CUTS ?= 20
FLIPS ?= 300
OVERLOAD_SECONDS ?= 60
SEEDS ?= 2000

.PHONY: torture
torture: tools ## Prove docs/faults.md at length: kills, overload, and, as root, power cuts
	@export MOUNT=1 CYCLES=$(CYCLES) ROUNDS=$(ROUNDS) POWER_CUTS=$(POWER_CUTS) FLIPS=$(FLIPS) OVERLOAD_SECONDS=$(OVERLOAD_SECONDS) SEEDS=$(SEEDS)
	$(CARGO) test $(LOCKED) --test faults --test simulation --no-run $(ARGS)
	alone=()
	if [ "$$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
		alone=(unshare --mount)
	fi
	$(CARGO) test $(LOCKED) --test simulation $(ARGS) -- --nocapture
	# One after the other: an overload beside other tests would measure those.
	exec "$${alone[@]}" $(CARGO) test $(LOCKED) --test faults $(ARGS) -- --nocapture --test-threads 1

.PHONY: lint
lint: tools components ## Check formatting and lints; a warning is an error
	@$(CARGO) fmt --all --check
	# With optimisation: it looks at more, and what only a release finds is found here.
	$(CARGO) clippy --workspace --all-targets $(LOCKED) --config 'profile.dev.package.clientele.opt-level=1' -- -D warnings

.PHONY: fmt
fmt: components ## Format the code
	@$(CARGO) fmt --all

.PHONY: docs
docs: tools ## Build the code's documentation, private items too; a broken link is an error
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items $(LOCKED)

.PHONY: bench
bench: build ## Load a running node (make run) and measure it
	@exec "$(BINARY)" bench $(ARGS)

# What the laboratories measure with. Python's cache would lie among the sources.
LABORATORY := PYTHONDONTWRITEBYTECODE=1 python3 benches/laboratory
# They measure what a package would hold.
DIST := $(or $(CARGO_TARGET_DIR),target)/dist

.PHONY: dist
dist: tools ## Build the binary of a package: a tenth faster than `build`, in twice the time
	@$(CARGO) build --profile dist $(LOCKED) --bin clientele --example ceiling --example plot

.PHONY: bench-peers
bench-peers: dist peers ## Compare awards with PostgreSQL, Redis and a bare route; ARGS="--help"
	@$(LABORATORY)/peers.py --binary "$(DIST)/clientele" --ceiling "$(DIST)/examples/ceiling" $(ARGS)

.PHONY: bench-scale
bench-scale: dist ## Measure starts, memory and awards over the number of contacts; ARGS="--help"
	@$(LABORATORY)/scale.py --binary "$(DIST)/clientele" --plot "$(DIST)/examples/plot" $(ARGS)

.PHONY: bench-soak
bench-soak: dist ## Award for minutes, and watch what must not grow: lag, memory, what waits; ARGS="--help"
	@$(LABORATORY)/soak.py --binary "$(DIST)/clientele" $(ARGS)

.PHONY: bench-profile
bench-profile: dist ## Say where the processor time of one award goes; needs perf; ARGS="--help"
	@$(LABORATORY)/stages.py --binary "$(DIST)/clientele" $(ARGS)

# Not part of CI: installing cargo-deny compiles for minutes. `check advisories` needs the network, the rest does not.
.PHONY: audit
audit: tools ## Check the licenses, bans and sources of the dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install cargo-deny --locked
	$(CARGO) deny --offline check bans licenses sources

.PHONY: clean
clean: ## Remove what was built; ./data stays
	@$(CARGO) clean

# Installs what a recipe has put into `missing`. Debian starts a server when it is installed, which nobody asked for here:
# policy-rc.d is how to say so.
define INSTALL_MISSING
if [ $${#missing[@]} -gt 0 ]; then
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "installing $${missing[*]}" >&2
		export DEBIAN_FRONTEND=noninteractive
		policy=/usr/sbin/policy-rc.d
		if [ ! -e "$$policy" ]; then
			printf '#!/bin/sh\nexit 101\n' >"$$policy"
			chmod +x "$$policy"
			trap 'rm -f "$$policy"' EXIT
		fi
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null
	else
		echo "missing: $${missing[*]}; install them with: sudo apt-get install $${missing[*]}" >&2
		exit 1
	fi
fi
endef

# Asks for each tool before anything is installed: on a machine that has them, this costs milliseconds and no network.
.PHONY: tools
tools:
	@missing=()
	command -v cc >/dev/null || missing+=(build-essential)
	command -v curl >/dev/null || missing+=(curl)
	$(INSTALL_MISSING)
	command -v "$(CARGO)" >/dev/null || { echo "missing: Rust; install it from https://rustup.rs" >&2; exit 1; }

# The servers that bench-peers compares with.
.PHONY: peers
peers:
	@missing=()
	command -v python3 >/dev/null || missing+=(python3)
	command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null || missing+=(redis-server redis-tools)
	compgen -G '/usr/lib/postgresql/*/bin/pgbench' >/dev/null || missing+=(postgresql)
	$(INSTALL_MISSING)

# What tests are run against that others wrote. Each is installed once, below target/tools; two tests may ask at the same time.
TOOLS := target/tools
AIOSMTPD := 1.4.6

# Python, what makes certificates for mail servers, and the lock under which a tool of it is installed.
define PREPARE_PYTHON
missing=()
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
command -v flock >/dev/null || missing+=(util-linux)
command -v openssl >/dev/null || missing+=(openssl)
$(INSTALL_MISSING)
mkdir -p $(TOOLS)
exec 9>$(TOOLS)/python.lock
flock 9
endef

.PHONY: mail-server
mail-server:
	@$(PREPARE_PYTHON)
	if ! [ -e $(TOOLS)/python/aiosmtpd-$(AIOSMTPD) ]; then
		python3 -m venv --clear $(TOOLS)/python
		$(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check aiosmtpd==$(AIOSMTPD)
		touch $(TOOLS)/python/aiosmtpd-$(AIOSMTPD)
	fi

# With everything that it needs at a fixed version, so that the same requests are made up everywhere.
SCHEMATHESIS := tests/support/schemathesis/requirements.txt

.PHONY: schemathesis
schemathesis:
	@$(PREPARE_PYTHON)
	if ! cmp -s $(SCHEMATHESIS) $(TOOLS)/schemathesis/installed.txt; then
		python3 -m venv --clear $(TOOLS)/schemathesis
		$(TOOLS)/schemathesis/bin/pip install --quiet --disable-pip-version-check --requirement $(SCHEMATHESIS)
		cp $(SCHEMATHESIS) $(TOOLS)/schemathesis/installed.txt
	fi

# The last that runs on the Node.js of Debian 12, which INSTALL_MISSING would bring.
OIDC_PROVIDER := 8.8.1

.PHONY: oidc-provider
oidc-provider:
	@missing=()
	command -v node >/dev/null && command -v npm >/dev/null || missing+=(nodejs npm)
	command -v curl >/dev/null || missing+=(curl)
	command -v flock >/dev/null || missing+=(util-linux)
	$(INSTALL_MISSING)
	mkdir -p $(TOOLS)
	exec 9>$(TOOLS)/oidc.lock
	flock 9
	if ! [ -e $(TOOLS)/oidc/oidc-provider-$(OIDC_PROVIDER) ]; then
		rm -rf $(TOOLS)/oidc
		mkdir $(TOOLS)/oidc
		npm install --prefix $(TOOLS)/oidc --no-fund --no-audit --silent oidc-provider@$(OIDC_PROVIDER)
		touch $(TOOLS)/oidc/oidc-provider-$(OIDC_PROVIDER)
	fi

.PHONY: components
components:
	@$(CARGO) fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	$(CARGO) clippy --version >/dev/null 2>&1 || rustup component add clippy
