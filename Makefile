# Oakum's development commands. They need make, Python 3.11 or later with venv, and a package index
# (pip's own settings name it: PIP_INDEX_URL or pip.conf; nothing here does).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
KILLS ?= 300
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.PHONY: help env demo hosts lab test e2e coverage check bench bench-cluster bench-peers bench-plans bench-requests bench-ledger bench-hosts kills fuzz drains kubeadm mutate sim-soak sim-search sim-rollback replay ledger-bits docs docs-test picture recording lock licences clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS=$$'\t' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

env: $(VENV)/dev.stamp ## make the development environment from the lock files

demo: $(VENV)/run.stamp ## scan this machine, a demo fleet and a demo cluster, and say what to do first
	@$(BIN)/python -m tools.demo

hosts: $(VENV)/dev.stamp ## start three real Debian machines to try things on, as root, until Ctrl-C (DIR=... for their files)
	@$(BIN)/python -m tools.three_hosts $${DIR:-build/three-hosts}

lab: $(VENV)/dev.stamp ## build the Kubernetes control plane of the tests, once (some minutes)
	@$(BIN)/python -m tests.lab.build

test: $(VENV)/dev.stamp ## run the tests (PYTEST_ARGS=... for more)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

e2e: $(VENV)/dev.stamp ## run what takes minutes: packages on real Debian machines, there and back, and the whole chain
	@$(BIN)/python -m pytest -n 0 -m e2e $(PYTEST_ARGS)

coverage: $(VENV)/dev.stamp ## run the tests and report coverage, here and in htmlcov/
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term --cov-report=html $(PYTEST_ARGS)

check: $(VENV)/dev.stamp ## lint, format, types, floors of the house, tracked files, documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(wildcard src tests tools benchmarks)
	$(BIN)/lint-imports
	$(BIN)/python tools/check_tree.py
	$(MAKE) --no-print-directory docs

bench: $(VENV)/dev.stamp ## measure on real data, and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks.run

bench-cluster: $(VENV)/dev.stamp ## measure the scan of a cluster of 1,000 nodes and 10,000 pods, flows and exposure
	@$(BIN)/python -m benchmarks.clusters

bench-peers: $(VENV)/dev.stamp ## measure other scanners on the same data, in turn
	@$(BIN)/python -m benchmarks.peers

bench-plans: $(VENV)/dev.stamp ## measure plan, verify, a turn of a run, and simulated schedules, up to 5,000 nodes
	@$(BIN)/python -m benchmarks.plans

bench-requests: $(VENV)/dev.stamp ## measure a thousand small requests in one process, for each kind of question
	@$(BIN)/python -m benchmarks.requests

bench-ledger: $(VENV)/dev.stamp ## measure append, signature, export and verification of a ledger of 100,000 entries
	@$(BIN)/python -m benchmarks.ledger

bench-hosts: $(VENV)/dev.stamp ## measure the scan of 50 real machines and a canaried upgrade of them
	@$(BIN)/python -m benchmarks.hosts

kills: $(VENV)/dev.stamp ## kill oakum run on three real machines at KILLS (300) random moments, and see each run end right
	@OAKUM_KILLS=$(KILLS) $(BIN)/python -m pytest -n 0 -s -m e2e tests/local/test_kills_on_hosts.py

fuzz: $(VENV)/dev.stamp ## run the property tests on ever new input for OAKUM_FUZZ_SECONDS (300)
	@$(BIN)/python tools/fuzz.py

drains: $(VENV)/dev.stamp ## foretell the drains of 300 random nodes; ask a real API server and kubectl (OAKUM_DRAIN_CASES=...)
	@OAKUM_DRAIN_CASES=$${OAKUM_DRAIN_CASES:-300} $(BIN)/python -m pytest -n 0 \
		tests/changes/drain/test_drain_cases_lab.py tests/changes/drain/test_drain_lab.py

kubeadm: $(VENV)/dev.stamp ## foretell 200 offers and objections of kubeadm, and ask the real one (OAKUM_KUBEADM_CASES=...)
	@OAKUM_KUBEADM_CASES=$${OAKUM_KUBEADM_CASES:-200} $(BIN)/python -m pytest -n 0 tests/actors/test_kubeadm_lab.py

mutate: $(VENV)/dev.stamp ## break the change engine, one small mistake at a time, and see the tests fail (MUTATE_ARGS=...)
	@$(BIN)/python -m tools.mutate $(MUTATE_ARGS)

sim-soak: $(VENV)/dev.stamp ## soak the change engine: 100,000 schedules of faults over all scenarios (SOAK_ARGS=...)
	@$(BIN)/python -m tools.sim_soak $(SOAK_ARGS)

sim-search: $(VENV)/dev.stamp ## try every moment at which a run may die, be overtaken or be disturbed, in small worlds
	@$(BIN)/python -m tools.sim_search $(SEARCH_ARGS)

sim-rollback: $(VENV)/dev.stamp ## ask for the way back after every record of a run in which three of ten nodes go bad
	@OAKUM_EVERY_POINT=1 $(BIN)/python -m pytest -n $(WORKERS) tests/simulation/test_rollback_points.py

replay: $(VENV)/dev.stamp ## go through the whole of Go's database, KEV and EPSS day by day: the delta equals the full match
	@OAKUM_REPLAY_WHOLE=1 $(BIN)/python -m pytest -n 0 -s tests/findings/delta

ledger-bits: $(VENV)/dev.stamp ## flip every single bit of an exported ledger and of a bundle, and see each found and named
	@OAKUM_EVERY_BIT=1 WORKERS=$(WORKERS) $(BIN)/python -m pytest -n 0 -s tests/ledger/test_every_bit.py \
		tests/local/test_every_byte_of_a_bundle.py

docs: $(VENV)/dev.stamp ## build the documentation strictly, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	! grep -rlE '(src|<link[^>]* href)="?(https?:)?//' site --include='*.html' || \
		{ echo 'these pages load something from elsewhere' >&2; exit 1; }

picture: $(VENV)/dev.stamp ## draw what the demo says as docs/pictures/scan.svg and cluster.svg
	@$(BIN)/python -m tools.picture

recording: $(VENV)/dev.stamp ## run changes on three real machines in a terminal, and draw the recordings as docs/pictures/*.svg
	@$(BIN)/python -m tools.recording

docs-test: $(VENV)/dev.stamp ## run the commands of the tutorials and compare what they print
	@$(BIN)/python -m tools.docs_test docs/tutorial

lock: $(VENV)/dev.stamp ## resolve the lock files anew (UPGRADE=--upgrade for the newest releases)
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements/run.lock
	$(LOCK) $(UPGRADE) pyproject.toml --group dev -c requirements/run.lock -o requirements/dev.lock
	$(LOCK) $(UPGRADE) --group bootstrap -c requirements/dev.lock -o requirements/bootstrap.lock

licences: $(VENV)/dev.stamp ## list the licence of every installed dependency; fail on one that does not fit
	@$(BIN)/python tools/licences.py

clean: ## remove everything that these commands made
	rm -rf $(VENV) site htmlcov dist build .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The environment is made again only when a lock file or the project's metadata changes. The demo needs only the
# run-time half of it, and takes the whole where that is already there.

$(VENV)/uv.stamp: requirements/bootstrap.lock
	@tools/bootstrap.sh $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/uv.stamp requirements/run.lock pyproject.toml
	@if [ -e $(VENV)/dev.stamp ]; then $(MAKE) --no-print-directory $(VENV)/dev.stamp; \
	else tools/install.sh $(VENV) requirements/run.lock; fi
	@touch $@

$(VENV)/dev.stamp: $(VENV)/uv.stamp requirements/dev.lock pyproject.toml
	@tools/install.sh $(VENV) requirements/dev.lock
	@touch $@
