# Every target sets up what it needs; a second run finds it there.
PY := .venv/bin/python
BUF := tools/node_modules/.bin/buf
PACKAGES := serving render_service reader_service gateway training
PROTOS := $(shell cd protos && find glyphstream -name '*.proto' | sort)
# Where `protos` writes the stubs: beside the protos, unless a check wants them elsewhere.
STUBS := protos

.PHONY: help demo test check lint types protos-check deploy-check fuzz protos bench up lock clean
help:
	@echo 'make demo | test | check | protos | bench | up | lock | clean'

demo: .venv/.run
	.venv/bin/glyphstream demo

up: .venv/.run
	.venv/bin/glyphstream up --http :8080

test: .venv/.dev
	$(PY) -m pytest -n auto $(ARGS)

bench: .venv/.bench
	$(PY) -m benchmarks $(ARGS)

check: lint types protos-check deploy-check fuzz

lint: .venv/.dev
	$(PY) -m ruff check --output-format concise .
	$(PY) -m ruff format --check --quiet .

types: .venv/.dev
	$(PY) -m mypy --strict protos/glyphstream $(PACKAGES)

protos-check: .venv/.dev $(BUF)
	$(BUF) lint protos
	tools/breaking

# Throws so many random texts and styles at the renderer. A check takes the same every time, so that it says something of
# the change; `make fuzz FUZZ=40000` takes others.
FUZZ := 500 1
fuzz: .venv/.dev
	$(PY) -m tests.render.fuzz $(FUZZ)

deploy-check: .venv/.dev
	.venv/bin/docker-compose --file compose.yaml config --quiet
	.venv/bin/hadolint deploy/Dockerfile.render deploy/Dockerfile.reader deploy/Dockerfile.gateway

# That the committed stubs are these is a test.
protos: .venv/.dev
	@mkdir -p $(STUBS)
	PATH="$(dir $(abspath $(PY))):$$PATH" $(PY) -m grpc_tools.protoc -Iprotos --python_out=$(STUBS) --grpc_python_out=$(STUBS) --mypy_out=$(STUBS) --mypy_grpc_out=$(STUBS) $(PROTOS)

# Renews constraints.txt: everything at its newest, but torch.
lock:
	tools/lock

clean:
	rm -rf .venv tools/node_modules dist

.venv/.run: pyproject.toml constraints.txt tools/setup
	@tools/setup run
	@touch $@

.venv/.dev: pyproject.toml constraints.txt tools/setup
	@tools/setup dev
	@touch $@ .venv/.run

.venv/.bench: .venv/.dev
	@tools/setup bench
	@touch $@

$(BUF): tools/package.json tools/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing (buf comes with it): apt-get install npm' >&2; exit 1; }
	npm install --prefix tools --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
