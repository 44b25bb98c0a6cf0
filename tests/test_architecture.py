"""The shape of the code: who may import whom, and what templates may hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("project", "scheduling", "sync")
# `ready` connects receivers and checks, which need loaded models; `main` explains a missing Django.
INNER_IMPORTS_ALLOWED = {"ready", "main"}
# Modules that are loaded before the models are.
LOADED_BEFORE_MODELS = {"project.channel_layer"}


ENGINE = [["sync", name] for name in ("engine", "pull", "push", "apply", "lease", "provider")]


def modules() -> dict[str, Path]:
    found = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports_of(name: str, path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every module that `name` imports at module level or below, not for annotations only."""
    tree = ast.parse(path.read_text())
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield (full if full in MODULES else module), node


def own_imports(name: str) -> set[str]:
    return {target for target, _ in imports_of(name, MODULES[name]) if target.split(".")[0] in APPS}


def test_scheduling_never_names_sync() -> None:
    offenders = {
        name: targets
        for name in MODULES
        if name.startswith("scheduling")
        and (targets := {t for t in own_imports(name) if t.startswith(("sync", "project"))})
    }
    assert offenders == {}


def test_the_sandbox_imports_nothing_of_ours_and_only_urls_name_it() -> None:
    inside = {
        name: targets
        for name in MODULES
        if name.startswith("sync.sandbox")
        and (targets := {t for t in own_imports(name) if not t.startswith("sync.sandbox")})
    }
    outside = {
        name
        for name in MODULES
        if not name.startswith("sync.sandbox")
        and any(t.startswith("sync.sandbox") for t in own_imports(name))
    }
    assert (inside, outside) == ({}, set())


def test_cores_import_no_django_and_only_cores() -> None:
    offenders = {}
    for name, path in MODULES.items():
        if ".core" not in name:
            continue
        bad = {
            target
            for target, _ in imports_of(name, path)
            if target.split(".")[0] in {"django", "channels", "allauth", "googleapiclient", "google"}
            or (target.split(".")[0] in APPS and ".core" not in target)
        }
        if bad:
            offenders[name] = bad
    assert offenders == {}


def test_there_are_no_import_cycles() -> None:
    graph = {name: {t for t in own_imports(name) if t in MODULES and t != name} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            pytest.fail(" → ".join((*trail[trail.index(name) :], name)))
        if name in done:
            return
        for target in sorted(graph[name]):
            visit(target, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_imports_stand_at_the_top() -> None:
    offenders = []
    for name, path in MODULES.items():
        if name in LOADED_BEFORE_MODELS:
            continue
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
                function.name not in INNER_IMPORTS_ALLOWED
            ):
                offenders += [
                    f"{name}.{function.name}"
                    for node in ast.walk(function)
                    if isinstance(node, (ast.Import, ast.ImportFrom))
                ]
    assert offenders == []


def test_only_services_and_sync_bookkeeping_write_models() -> None:
    """Views, API, admin, tasks and commands of the calendar go through services."""
    writes = re.compile(r"\.(save|bulk_create|bulk_update|delete|get_or_create|update_or_create)\(")
    checked = [
        path
        for name, path in MODULES.items()
        if name.startswith(
            ("scheduling.views", "scheduling.tasks", "scheduling.consumers", "scheduling.queries")
        )
    ]
    offenders = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in checked
        for line in path.read_text().splitlines()
        if writes.search(line)
    ]
    assert offenders == []


TEMPLATES = sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/**/templates/**/*.html")])
FORBIDDEN = {
    "inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"hx-on", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:|[\"']js:", re.IGNORECASE),
    "evaluated trigger filter": re.compile(r"hx-trigger=\"[^\"]*\[[^\"]*\]", re.IGNORECASE),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape off", re.IGNORECASE),
    "outside address of a script, sheet or image": re.compile(
        r"<(script|link|img)[^>]*(src|href)=\"(https?:)?//", re.IGNORECASE
    ),
}


def web_templates() -> list[Path]:
    return [path for path in TEMPLATES if ".venv" not in path.parts and "email" not in path.parts]


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_templates_hold_nothing_that_a_strict_content_policy_forbids(fault: str) -> None:
    offenders = [
        f"{path.relative_to(ROOT)}: {match.group(0)!r}"
        for path in web_templates()
        for match in FORBIDDEN[fault].finditer(path.read_text())
    ]
    assert offenders == []


def test_html_is_marked_safe_in_the_sanitiser_alone() -> None:
    offenders = [
        name
        for name, path in MODULES.items()
        if "mark_safe" in path.read_text() and name != "scheduling.sanitise"
    ]
    assert offenders == []


def test_no_call_to_google_runs_inside_a_transaction() -> None:
    """By shape: no `with` of a transaction or a held lease has a call on `provider` in it (R-01)."""
    offenders = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.With) and any(
                re.search(r"lease\.hold\(|transaction\.atomic\(", ast.unparse(item.context_expr))
                for item in node.items
            ):
                offenders += [
                    f"{name}:{call.lineno}"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    and ast.unparse(call.func).startswith("provider.")
                    and not ast.unparse(call.func).endswith((".read_event", "_id"))  # these ask nobody
                ]
    assert offenders == []


def test_the_engine_knows_only_the_seam_of_its_provider() -> None:
    engine = [name for name in MODULES if name.split(".")[:2] in ENGINE]
    offenders = {
        name: targets
        for name in engine
        if (targets := {t for t in own_imports(name) if t in ("sync.google", "sync.core.wire")})
    }
    assert engine and offenders == {}


def test_queued_tasks_take_only_plain_scalars() -> None:
    """django-q2 pickles its arguments: ids and names only (S-25)."""
    offenders = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("async_task"):
                for argument in node.args[1:]:
                    text = ast.unparse(argument)
                    if not re.fullmatch(r"(str\(.*\)|'.*'|\d+|\w*(_id|pk|\.pk|_name))", text):
                        offenders.append(f"{name}:{node.lineno} {text}")
    assert offenders == []
