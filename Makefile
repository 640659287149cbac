# Two commands on a fresh machine: `make demo` and `make test`. Each makes the environment it needs first.
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed

.PHONY: demo test slow engines long lint docs wheel clean

demo: $(INSTALLED)
	$(VENV)/bin/factory publish recipes/demo.yaml --hub local

# Two processes; the one that has done its half takes over what is left of the other.
test: $(INSTALLED)
	$(VENV)/bin/python -m pytest -n 2 --dist worksteal

# With the model of the check `meaning` and the engines that live apart; where one cannot be had, or not within so many
# seconds, the tests that need it are skipped and say why.
ENGINE_SECONDS ?= 60
slow: $(INSTALLED)
	-$(VENV)/bin/python -m pip install --quiet --editable '.[meaning]'
	-timeout $(ENGINE_SECONDS) $(VENV)/bin/factory engines install autotrain
	-timeout $(ENGINE_SECONDS) $(VENV)/bin/factory engines install vllm
	$(VENV)/bin/python -m pytest -m 'slow and not long' -n 2 --dist loadfile -rs

# Every test of the engines that live apart, however long it takes.
engines: $(INSTALLED)
	$(VENV)/bin/factory engines install autotrain
	$(VENV)/bin/factory engines install vllm
	$(VENV)/bin/python -m pytest -m slow -rs tests/engines tests/models/train/autotrain

# What takes too long for every change.
long: $(INSTALLED)
	$(VENV)/bin/python -m pytest -m long -rs

lint: $(INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev,space]'
	touch $@

# These pages as a site, in .site; a broken link ends it.
docs: $(INSTALLED)
	$(VENV)/bin/python -m pip install --quiet --editable '.[docs]'
	$(VENV)/bin/mkdocs build --strict

wheel: $(INSTALLED)
	$(VENV)/bin/python -m build --wheel

clean:
	rm -rf $(VENV) .factory .site dist
