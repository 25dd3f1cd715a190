"""The table of imports that never exist (docs: architecture), as data and one pure function over a module's source."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

WINGS = ("render_service", "reader_service", "gateway")
OURS = (*WINGS, "serving", "glyphstream")
LEAVES = ("training", "benchmarks", "tests")
SPEAKS_GRPC = {"servicer", "clients", "cli", "__main__"}
GRPC = ("grpc", "grpc_status", "grpc_health", "grpc_reflection", "google", "glyphstream")


@dataclass(frozen=True)
class Module:
    """Where a module stands: its package, and the names of the folders and the file below it."""

    package: str
    names: frozenset[str]

    @classmethod
    def at(cls, path: PurePosixPath) -> "Module":
        parts = path.with_suffix("").parts
        parts = parts[1:] if parts[0] == "protos" else parts
        return cls(parts[0], frozenset(parts[1:]))


@dataclass(frozen=True)
class Rule:
    """`imported` never appears in a module that `holds_for` holds for, because of `reason`."""

    reason: str
    holds_for: Callable[[Module], bool]
    imported: tuple[str, ...]


def _stands_on_the_ground(module: Module) -> bool:
    return module.package in WINGS and not module.names & SPEAKS_GRPC


def _may_not_touch_torch(module: Module) -> bool:
    return module.package not in LEAVES and not (module.package == "reader_service" and "torch_model" in module.names)


RULES = (
    *(
        Rule(
            "the wings meet in the protos only",
            lambda module, wing=wing: module.package in WINGS and module.package != wing,
            (wing,),
        )
        for wing in WINGS
    ),
    Rule("the domain is testable bare", _stands_on_the_ground, GRPC),
    Rule(
        "render and gateway install without torch, the engine is tested without a GPU", _may_not_touch_torch, ("torch",)
    ),
    Rule("serving knows no domain", lambda module: module.package == "serving", (*WINGS, "glyphstream")),
    Rule("the stubs and the client stand alone", lambda module: module.package == "glyphstream", (*WINGS, "serving")),
    Rule("leaves stay leaves", lambda module: module.package not in LEAVES, LEAVES),
)
ENVIRONMENT = "one home per default: the environment is read in settings.py"


def violations(path: PurePosixPath, source: str) -> list[str]:
    """One line for each import or look at the environment in `source` that a module at `path` may not have."""
    module, found = Module.at(path), []
    for line, name in _imported(ast.parse(source)):
        top = name.partition(".")[0]
        found += [
            f"{path}:{line} imports {name}: {rule.reason}"
            for rule in RULES
            if rule.holds_for(module) and top in rule.imported
        ]
    if "settings" not in module.names:
        found += [f"{path}:{line}: {ENVIRONMENT}" for line in _environment(ast.parse(source))]
    return found


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def _environment(tree: ast.AST) -> Iterator[int]:
    names = {"environ", "environb", "getenv", "putenv"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, value=ast.Name(id="os")) if name in names:
                yield node.lineno
            case ast.ImportFrom(module="os", names=aliases) if names & {alias.name for alias in aliases}:
                yield node.lineno
