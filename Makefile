PROTOS := $(shell find protos -name '*.proto')
PY := .venv/bin/python

.PHONY: protos
protos:
	cd protos && ../$(PY) -m grpc_tools.protoc -I. --python_out=. --grpc_python_out=. --mypy_out=. --mypy_grpc_out=. $(PROTOS:protos/%=%)
