# `make help` lists what there is to do. PYTHON=python3.13 chooses the interpreter, ARGS=… adds options to a command.

SHELL     := /bin/bash
VENV      := .venv
BIN       := $(VENV)/bin
FLEET     := fixtures/fleet/virtscan.toml
INPUTS    := pyproject.toml packaging/constraints.txt packaging/virtual-environment.sh packaging/find-python.sh \
             packaging/system-packages.sh packaging/cobblerd.sh packaging/cobbler.txt
# One mark for each purpose and interpreter says that everything for it is installed.
MARK      := $(VENV)/.ready-$(subst /,-,$(PYTHON))
CODE      := virtscan tests
# Every format and the history, so that each command that README.md shows can be run after `make scan`.
EXTRAS    := history,reports
# A worker of the tests gets a run of neighbours, so that each server that several of them share is started once or twice.
# As many workers as there are CPUs for this process, which pytest-xdist does not look at.
PARALLEL  := -n $$(nproc) --dist worksteal
export PYTHON
# The same random examples in each run, whatever a set's order; VIRTSCAN_EXPLORE=1 PYTHONHASHSEED=random looks for new ones.
export PYTHONHASHSEED ?= 0
# Tests start Python a thousand times: keep what it compiles.
unexport PYTHONDONTWRITEBYTECODE
# Daemons and tools that tests start live in sbin folders, which are not on the PATH of every user.
export PATH := $(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := help
.PHONY: help scan test test-fast test-dates check format golden picture bench faults fuzz lab packages night clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The scan's exit code is its result (see README); make fails only if the scan could not do its work.
scan: $(MARK)-scan  ## Set up what is needed, then scan the small fleet in fixtures/
	@$(BIN)/virtscan scan --config $(FLEET) $(ARGS) </dev/null; code=$$?; \
	 case $$code in \
	   0|1|3|4) echo "(exit code $$code: see README.md; to scan your hypervisors: $(BIN)/virtscan scan -c URI)" >&2 ;; \
	   *) exit $$code ;; \
	 esac

test: $(MARK)-test  ## Set up what the tests need, then run them all, with coverage, on all cores
	@$(BIN)/python -m pytest --cov $(PARALLEL) $(ARGS) </dev/null

test-fast: $(MARK)-test  ## Run the tests that take less than a second each: about a minute on two cores
	@$(BIN)/python -m pytest --quiet $(PARALLEL) -m "not slow and not long" $(ARGS) </dev/null

test-dates: $(MARK)-test  ## Run the tests that touch a date with the clock 1,100 days ahead and files 400 days old
	@packaging/test-dates.sh $(BIN)/python $(PARALLEL) -m "not slow" $(ARGS) </dev/null

check: $(MARK)-check  ## Format, lint, types, import graph, help texts against README.md, shell scripts
	@$(BIN)/ruff format --quiet --check $(CODE)
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --quiet tests/test_project.py </dev/null
	@shellcheck --norc .ci/run packaging/*.sh virtscan/offload/*.sh packaging/systemd/mail-journal

format: $(MARK)-check  ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)

golden: $(MARK)-test  ## Regenerate the expected outputs in fixtures/golden, README.md and docs; review the diff
	@$(BIN)/python -m tests.golden
	@$(BIN)/python -m tests.readme
	@$(BIN)/python packaging/manual.py docs docs
	@$(BIN)/python -m tests.mechanism
	@$(BIN)/python -m tests.rules

picture: $(MARK)-test  ## Regenerate docs/page.png, the picture of the page
	@$(BIN)/python -m tests.picture

bench: $(MARK)-test  ## Measure, each number as a ratio to a baseline of the same run
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(MARK)-test  ## As root: run real scans under every fault and print the results; ARGS=--core for the shortest
	@$(BIN)/python -m tests.faults $(ARGS) </dev/null

fuzz: $(MARK)-test  ## Try broken inputs on every parser for ten seconds each; ARGS='60 domain' for longer, or for one
	@$(BIN)/python -m tests.fuzz $(ARGS) </dev/null

lab: $(MARK)-lab  ## As root: boot real VMs and compare the verdicts with the boots; ARGS=--core for the shortest
	@$(BIN)/python -m tests.lab $(ARGS) </dev/null

packages: $(MARK)-packages  ## Build the packages, and as root install each in a clean root; ARGS=--core for the shortest
	@packaging/try-packages.sh $(BIN)/python $(ARGS)

night: $(MARK)-night  ## As root: run nightly scans with the real units, timer and mail, in a systemd-nspawn container
	@packaging/try-night.sh $(BIN)/python

clean:  ## Remove generated files
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* *.egg-info .hypothesis .import_linter_cache .mypy_cache \
	        .pytest_cache .ruff_cache

$(MARK)-scan: $(INPUTS)
	@packaging/system-packages.sh scan
	@packaging/virtual-environment.sh $(VENV) $(EXTRAS)
	@touch $@

$(MARK)-packages $(MARK)-night: $(INPUTS)
	@packaging/system-packages.sh $(patsubst $(MARK)-%,%,$@)
	@packaging/virtual-environment.sh $(VENV) $(EXTRAS),packages
	@touch $@ $(MARK)-scan

$(MARK)-check $(MARK)-test $(MARK)-lab: $(INPUTS)
	@packaging/system-packages.sh $(patsubst $(MARK)-%,%,$@)
	@packaging/virtual-environment.sh $(VENV) test,check
	$(if $(filter %-test,$@),@packaging/cobblerd.sh $(VENV)/cobbler)
	@touch $@ $(MARK)-scan
