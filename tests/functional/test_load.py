"""Kill -9 at random under load: every request is answered or clearly refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.house import ROOT

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("house")]


def test_no_kill_of_scorer_web_or_broker_loses_or_falsifies_an_answer(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    options = ["--only", "chaos", "--seconds", "20", "--clients", "32"]
    command = [sys.executable, "-m", "benchmarks.load", *options, "--json", str(report)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=240)
    found = json.loads(report.read_text())["chaos"]
    assert found["kills"] >= 2
    assert found["ok"] > 0
    assert (found["hung"], found["wrong"], found["other"]) == (0, 0, 0), found
