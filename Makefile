# Each target first installs what it needs into .venv. All that is assumed is Python 3.11 or newer with venv.
# `PYTHON` chooses another interpreter for .venv; uv installs the packages where it is found.
PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),uv pip install --quiet --compile-bytecode --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
# Installs one more package of requirements-dev.lock, whose own dependencies are there already.
INSTALL_PACKAGE = awk '/^[a-z]/ { keep = /^$(1)==/ } keep' requirements-dev.lock > .venv/$(1).txt && \
	$(INSTALL) --no-deps --require-hashes -r .venv/$(1).txt
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --generate-hashes
IS_NEW_ENOUGH := sys.exit(sys.version_info < (3, 11))
# What an older install left here: it would hide the platforms that .venv has, as Python looks here first.
LEFT := $(wildcard channelmuse.egg-info)
HAS_PIP := $(if $(UV),,import pip;)
CODE := adapters aimodels bot sandbox simulators
SOURCES := $(wildcard $(foreach levels,*.py */*.py */*/*.py */*/*/*.py,$(addsuffix /$(levels),$(CODE))))

.PHONY: run check cockpit manifest play sandbox test test-programs lint fuzz audit bench docs pictures torture budget wheel notes postgres llama lock clean help
run: .venv/.bytecode ## Start the service. Example: make run ARGS='--conversation NAME'
	@$(BIN)/python -m bot run $(ARGS)

check: .venv/.bytecode ## Check settings, database, API key and platforms; costs nothing
	@$(BIN)/python -m bot check $(ARGS)

cockpit: .venv/.bytecode ## Print a link that signs you in to the web pages, once
	@$(BIN)/python -m bot cockpit

manifest: .venv/.run ## Print the registration of the app. Example: make manifest PLATFORM=slack URL=https://muse.example.com
	@test -n "$(PLATFORM)" || { echo "Give a platform: make manifest PLATFORM=slack or PLATFORM=discord" >&2; exit 2; }
	@$(BIN)/python -m bot manifest $(PLATFORM) $(if $(URL),--url $(URL)) $(ARGS)

play: .venv/.bytecode ## Try the service as on Slack and Discord, in a browser. Example: make play ARGS='--port 8090'
	@$(BIN)/python -m simulators.play $(ARGS)

sandbox: .venv/.bytecode ## Serve the AI API offline. Example: make sandbox ARGS='--port 8081 --api-key test'
	@$(BIN)/python -m sandbox $(ARGS)

test: .venv/.dev .venv/.bytecode ## Run the tests that need nothing but Python. Example, which runs all in a folder: make test ARGS=tests/sdk
	$(BIN)/python -m pytest -n auto --dist worksteal $(or $(ARGS),-m "not programs")

test-programs: .venv/.dev .venv/.bytecode ## Run the tests that need another program: Chromium, Node.js, curl, promtool
	$(BIN)/python -m pytest -n auto --dist worksteal -m programs $(ARGS)

lint: .venv/.dev ## Check style, formatting, types, insecure code, secrets in the repository, and vulnerable packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive bot adapters aimodels sandbox simulators
	$(BIN)/python -m pytest -q tests/security/test_repository_secrets.py
	@if [ -n "$(SKIP_AUDIT)" ]; then echo "Packages are not compared with the list of vulnerabilities: SKIP_AUDIT is set."; \
	elif $(BIN)/python -c 'import urllib.request as u; u.urlopen("https://pypi.org/pypi/pip/json", timeout=10)' 2>/dev/null; \
	then $(MAKE) --no-print-directory audit; \
	else echo "Packages are not compared with the list of vulnerabilities: PyPI can't be reached." >&2; fi

fuzz: .venv/.dev ## Fuzz the parsers, guided by coverage. Needs Linux. Example: make fuzz SECONDS=600
	$(INSTALL) 'atheris>=3,<4'
	$(BIN)/python -m bench.fuzz --seconds $(or $(SECONDS),60) $(ARGS)

audit: .venv/.dev ## Compare the packages with PyPI's list of known vulnerabilities. Needs the internet
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip

bench: .venv/.dev .venv/.bytecode ## Measure. Example: make bench ARGS='service store'
	$(BIN)/python -m bench $(ARGS)

docs: .venv/.dev ## Build the documentation as a site, in build/docs/site. A link that leads nowhere is an error
	@rm -rf build/docs && mkdir -p build/docs/source
	@tar -cf - *.md LICENSE .env.example docs */README.md sdk/*/README.md | tar -xf - -C build/docs/source
	@$(BIN)/zensical build --strict --clean

pictures: .venv/.dev .venv/.bytecode ## Make the pictures of the documents anew. Needs Chromium. Example: make pictures ARGS='slack discord'
	$(BIN)/python -m bench.pictures $(ARGS)

torture: .venv/.dev .venv/.bytecode ## Run the service under faults and check what people saw. Example: make torture SECONDS=600
	@nice $(BIN)/python -m bench.torture --seconds $(or $(SECONDS),60) $(ARGS)

budget: .venv/.dev ## Hold a budget while processes are killed and the database restarts. Example: make budget REQUESTS=500 KILLS=50
	BUDGET_REQUESTS=$(or $(REQUESTS),500) BUDGET_KILLS=$(or $(KILLS),50) $(BIN)/python -m pytest -q -s tests/crash/test_budget.py

wheel: .venv/.run ## Build the wheel, into dist. It needs no clone where it is installed
	@rm -rf build dist
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build channelmuse.egg-info
	@ls dist/*.whl

notes: ## Print the notes of a release, if tag, version and changelog agree. Example: make notes TAG=v0.2.0
	@"$(PYTHON)" -m deploy.release_notes $(TAG)

postgres: .venv/.run ## Install the PostgreSQL driver, for several processes
	@$(call INSTALL_PACKAGE,asyncpg) >&2

llama: .venv/.run ## Install llama.cpp, for a real chat model in the sandbox (SANDBOX_GGUF)
	@$(call INSTALL_PACKAGE,xllamacpp) >&2

lock: ## Write requirements.lock and requirements-dev.lock anew: exact versions and hashes for every system. Needs uv
	echo 'setuptools>=77' | $(COMPILE) --extra sandbox --extra film --extra provenance --extra postgres --extra patterns --extra otel --extra oidc --extra s3 --extra office --extra links -o requirements.lock pyproject.toml -
	$(COMPILE) --all-extras -c requirements.lock -o requirements-dev.lock pyproject.toml

clean: ## Remove .venv, build folders and caches; data and .env stay
	rm -rf .venv build dist *.egg-info sdk/python/build sdk/python/*.egg-info .pytest_cache .mypy_cache .ruff_cache

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A prerequisite that is never up to date.
left: ;

# The service and its sandbox. Messages go to stderr, so that piped output stays clean.
.venv/.run: pyproject.toml requirements.lock $(if $(LEFT),left)
	@echo "Setting up .venv (once) …" >&2
	@$(BIN)/python -c 'import sys; $(HAS_PIP) $(IS_NEW_ENOUGH)' 2>/dev/null || { \
		"$(PYTHON)" -c 'import sys; $(IS_NEW_ENOUGH)' 2>/dev/null || { \
			found=$$(command -v "$(PYTHON)" >/dev/null && "$(PYTHON)" --version 2>&1 || echo "not installed"); \
			echo "Python 3.11 or newer is needed, and $(PYTHON) is $$found: install it, or name another one as in" \
				"make run PYTHON=python3.12" >&2; exit 1; }; \
		"$(PYTHON)" -m venv --clear .venv; }
	@$(INSTALL) --require-hashes -r requirements.lock >&2
	@$(INSTALL) --no-deps --no-build-isolation -e . >&2
	@rm -rf channelmuse.egg-info
	@touch $@

# Where Python writes no bytecode of its own accord (PYTHONDONTWRITEBYTECODE, as images set it), each start would compile
# hundreds of modules.
.venv/.bytecode: .venv/.run $(SOURCES)
	@$(BIN)/python -m compileall -q $(wildcard $(CODE))
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@$(INSTALL) --require-hashes -r requirements-dev.lock >&2
	@touch $@
