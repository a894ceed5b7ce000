"""The import contracts hold, and each of them bites when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("scoring", "webapp", "workers"):
        only_code = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_contracts_hold(copy: Path) -> None:
    assert lint(copy).returncode == 0


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("scoring/splits.py", "import webapp.models", "One way only"),
        ("scoring/splits.py", "import django", "The library knows no web framework"),
        ("webapp/access.py", "import scoring.prm.engine", "never loads torch"),
        ("webapp/models/job.py", "import webapp.services.jobs", "Inside the web app"),
        ("scoring/schema.py", "import torch", "Inside the library"),
    ],
)
def test_a_broken_contract_is_seen(
    copy: Path, file: str, line: str, broken: str
) -> None:
    with (copy / file).open("a") as module:
        module.write(f"\n{line}\n")
    report = lint(copy)
    assert report.returncode == 1
    assert "BROKEN" in next(row for row in report.stdout.splitlines() if broken in row)


def test_a_web_process_has_no_torch_and_no_task() -> None:
    code = (
        "import sys, webapp.wsgi, webapp.urls\n"
        "loaded = {'torch', 'transformers', 'workers.jobs'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_task_that_is_sent_by_name_exists() -> None:
    from workers import jobs

    assert jobs.run.name == "jobs.run"
