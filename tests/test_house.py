"""The house keeps its own rules: sizes, documents, one door for every message."""

import ast
import re
from pathlib import Path
from statistics import median, quantiles

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("scoring", "webapp", "workers")
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts and path.stat().st_size
]


def functions() -> list[tuple[str, int]]:
    """(where, lines) of every function of the product."""
    return [
        (f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
    ]


def test_files_are_short() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert median(sizes.values()) <= 100
    assert quantiles(sizes.values(), n=10)[-1] <= 250
    assert not [f"{path}: {size}" for path, size in sizes.items() if size > 400]


def test_functions_are_short() -> None:
    sizes = [size for _, size in functions()]
    assert median(sizes) <= 10
    assert quantiles(sizes, n=10)[-1] <= 32
    assert not [where for where, size in functions() if size > 60]


def test_every_setting_read_from_the_environment_is_documented() -> None:
    text = "".join(path.read_text() for path in SOURCES)
    names = set(re.findall(r'"(PACENOTE_[A-Z_]+|DATABASE_URL|REDIS_URL|PORT)"', text))
    documented = (ROOT / "docs/operations.md").read_text()
    assert not [name for name in sorted(names) if f"`{name}`" not in documented]


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text())
    assert not [name for name in targets if not (page.parent / name).exists()]


def test_the_tree_in_the_readme_is_the_tree() -> None:
    tree = (ROOT / "README.md").read_text().split("## The house")[1]
    names = re.findall(r"^(?:  )?([\w./]+(?: [\w./]+/)*)  +\S", tree, re.MULTILINE)
    top = ""
    for line in names:
        for name in line.split():
            assert (ROOT / name).exists() or (ROOT / top / name).exists(), name
        top = line if (ROOT / line).is_dir() and "/" in line else top


def test_the_version_is_the_newest_in_the_changelog() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == settings.VERSION


def test_what_would_trust_a_stranger_is_nowhere() -> None:
    pages = sorted((ROOT / "webapp/templates").rglob("*.html"))
    filters = [p for p in pages if re.search(r"\|\s*safe\b", p.read_text())]
    imports = re.compile(
        r"^\s*(?:from|import) (?:pickle|joblib)\b|mark_safe|(?<![.\w])eval\("
    )
    lines = [
        f"{path}: {line}"
        for path in SOURCES
        for line in path.read_text().splitlines()
        if imports.search(line)
    ]
    assert (filters, lines) == ([], [])
