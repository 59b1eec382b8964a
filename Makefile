# Every habit is a target; `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
READY := .venv/.ready
PROJECTS := pyproject.toml shared/pyproject.toml $(wildcard services/*/pyproject.toml deploy/*/pyproject.toml)
PYTEST := $(BIN)/python -m pytest
# One test, or a choice: make unit ARGS="-k schedule -x"
ARGS ?=

.PHONY: help setup run demo test unit contract integration e2e engines test-engines faults security audit browser lint types docs bench ci clean

help:
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): uv.lock $(PROJECTS) bootstrap
	@PYTHON="$(PYTHON)" ./bootstrap

setup: $(READY) ## make .venv with everything that the lock names

run: $(READY) ## start everything and show where it is; Ctrl-C stops it
	@$(BIN)/ventanilla up

demo: $(READY) ## play a recorded day through the running stack (or through one of its own)
	@$(BIN)/ventanilla demo

test: lint types browser ## everything below: lint, types, unit, contract, integration, e2e, faults
	$(PYTEST) $(ARGS)

unit: $(READY) ## pure tests: no clock, no disk, no network
	$(PYTEST) tests/unit $(ARGS)

contract: $(READY) ## the topics' schemas: nothing that a reader relies on was changed
	$(PYTEST) tests/contract $(ARGS)

integration: $(READY) ## with the real embedded engines
	$(PYTEST) tests/integration $(ARGS)

e2e: browser ## the whole stack, in a real browser
	$(PYTEST) tests/e2e $(ARGS)

engines: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m engines

test-engines: browser engines ## integration, e2e and faults on Apache Kafka and mongo-java-server (Java 17, Maven)
	VENTANILLA_TEST_ENGINES=real $(PYTEST) tests/integration tests/e2e tests/faults --ignore tests/integration/stack $(ARGS)

faults: engines ## the long form: everything breaks, on real engines; the result is docs/operations/faults.md
	VENTANILLA_TEST_ENGINES=real VENTANILLA_FAULTS=long $(PYTEST) tests/faults $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m support.fault_page

security: $(READY) ## attack what takes input: every API, parser, login and socket; search the logs
	$(PYTEST) tests/security $(ARGS)

audit: $(READY) ## known vulnerabilities of what uv.lock names; asks api.osv.dev, and says so when it cannot
	@$(BIN)/uv audit --frozen --preview-features audit-command || { code=$$?; \
	  test $$code -eq 2 && echo "audit: NOT DONE, api.osv.dev was not to be reached from here" >&2 || exit $$code; }

browser: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m support.browser

lint: $(READY) ## style, imports, and the walls between the services
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(READY) ## strict type check
	$(BIN)/mypy

docs: $(READY) ## write docs/contracts from the code
	$(BIN)/python -m ventanilla.contract_docs docs/contracts

bench: $(READY) ## measure beside baselines: table, figures and plot in .ventanilla/bench (ARGS="--quick router")
	PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

ci: audit demo test test-engines ## what .ci/run does: the audit, the recorded day, every test, and once more on the real engines

clean: ## remove the environment and the caches; data in .ventanilla/ stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
