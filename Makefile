# make chat   serve the chat on http://127.0.0.1:8000 (PORT= changes it)
# make setup  make the environment only
# make test   format, lint, types, imports and all tests, the browser's included
# make benchmarks   compare with the pipelines of LangChain and LlamaIndex, and time answers
# make lock   resolve the exact versions anew

PYTHON ?= python3.11
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint requirements.lock

.PHONY: chat setup test check browser benchmarks lock
.DEFAULT_GOAL := chat

chat: setup
	@$(BIN)/benefits-chat list --json 2>/dev/null | grep -q . || { \
	  echo "Indexing the sample plans ..."; $(BIN)/benefits-chat index samples; }
	@echo "Starting the chat ..."
	@exec $(BIN)/benefits-chat chat --port $(PORT)

setup: $(VENV)/installed

$(VENV)/bin/python:
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml requirements.lock | $(VENV)/bin/python
	@echo "Installing Benefits Chat from the lock (about 2 GB, a few minutes the first time) ..."
	@$(INSTALL) --editable .
	@$(BIN)/benefits-chat doctor
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo "Installing the test tools ..."
	@$(INSTALL) --editable '.[test]'
	@$(INSTALL) --no-deps ministack==1.5.33
	@touch $@

test: $(VENV)/installed-test browser check
	@echo "Running all tests ..."
	@$(BIN)/pytest -n auto --dist loadscope

check: $(VENV)/installed-test
	@echo "Checking format, lint, types and imports ..."
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  echo "Installing the browser for the tests ..."; \
	  SUDO=$$(test "$$(id -u)" = 0 || echo sudo); \
	  $$SUDO apt-get update -qq && \
	  $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-liberation >/dev/null; }

# langchain-huggingface asks for an older huggingface-hub than the lock has, and works with it.
benchmarks: $(VENV)/installed
	@echo "Installing the pipelines to compare with ..."
	@$(INSTALL) --editable '.[benchmarks]'
	@$(INSTALL) --no-deps langchain-huggingface==1.2.3
	@$(BIN)/python -m benchmarks.peers
	@$(BIN)/python -m benchmarks.first_sentence

lock: | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --extra test --extra benchmarks --no-header \
	  --no-annotate pyproject.toml -o requirements.lock
