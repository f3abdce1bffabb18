# make demo | figures | test | browser | slow | lint | mutants | calibrate | wheel | bench | manifest | clean. Each makes .venv if it is missing; nothing else is needed.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Statements of the package that the fast tests must run, in percent.
COVERED := 93

.PHONY: demo figures test browser slow lint mutants calibrate wheel bench manifest clean

demo: $(READY)
	@echo "Compiling the models once, so that runs start quickly ..."
	$(BIN)/bayes-escc warmup
	@echo
	$(BIN)/bayes-escc run second_line_response --out results/second_line_response
	@echo
	$(BIN)/bayes-escc run anlotinib_randomised_response --out results/anlotinib_randomised_response
	@echo
	$(BIN)/bayes-escc run second_line_pfs_weibull --out results/second_line_pfs_weibull
	@echo
	$(BIN)/bayes-escc run second_line_pfs_medians --out results/second_line_pfs_medians
	@echo
	$(BIN)/bayes-escc report results/second_line_pfs_weibull results/second_line_response --out results --word

# Figures of the README and the example pages again, from the analyses that ship.
figures: $(READY)
	$(BIN)/python docs/make_figures.py

test: $(READY)
	COVERAGE_CORE=sysmon $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" \
	  --cov --cov-report=term:skip-covered --cov-fail-under=$(COVERED)

# Needs Debian's Chromium, installed here if it is missing; in CI a skipped test is a failure.
browser: $(READY)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  { apt-get update -q && apt-get install -q -y --no-install-recommends chromium; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-browser.txt
	BAYES_ESCC_NEED_BROWSER=1 $(BIN)/python -m pytest tests/browser

slow: $(READY)
	$(BIN)/python -m pytest -m slow

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

wheel: $(READY)
	rm -rf build/wheel
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(BIN)/python -m tests.installed_wheel build/wheel

bench: $(READY)
	$(BIN)/python -m tests.benchmarks.paired
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.synthesis
	$(BIN)/python -m tests.benchmarks.study
	$(BIN)/python -m tests.benchmarks.trials

# Statistical faults put in one at a time: how many the fast tests notice, and which live. Takes an hour or more.
mutants: $(READY)
	$(BIN)/python -m tests.mutation

# Simulation-based calibration of every model; only what is out of date is run. MODELS="weibull pool" for some of them.
calibrate: $(READY)
	$(BIN)/python -m bayes_escc.validation.calibration $(MODELS)

# Digests of the models and data sets that ship, after one of them has changed.
manifest: $(READY)
	$(BIN)/python -m bayes_escc.validation.manifest

clean:
	rm -rf $(VENV) results build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml
	@python=""; \
	for candidate in "$$PYTHON" python3.12 python3.13 python3.14 python3 python; do \
	  [ -n "$$candidate" ] || continue; \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "bayes_escc needs Python 3.12 or newer, and none was found. Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
