"""`train`, `audit` and `evaluate` as typed in a shell, with a worker beside them."""

import json
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connections

from scoring import arena
from tests.scoring.prm.test_foreign import checkpoint
from webapp import signs
from webapp.models import Job, Project
from webapp.models.job import Kind
from workers import ending, examining, exchanging, fitting

pytestmark = pytest.mark.usefixtures("small", "worker")
WORK = {
    Kind.TRAIN: fitting.fit,
    Kind.AUDIT: examining.audit,
    Kind.EVALUATE: examining.evaluate,
    Kind.ADOPT: exchanging.adopt,
    Kind.PACK: exchanging.pack,
}


@pytest.fixture
def worker(live_broker: redis.Redis, arena_project: Project) -> Iterator[None]:
    """A worker's thread that does the device's work here instead of in a process."""
    signs.give("jobs", {}, seconds=3600)
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(0.1):
            for job in Job.objects.claimable():
                if job.claim():
                    ending.settle(job, WORK[Kind(job.kind)])
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopped.set()
    thread.join()


def typed(*words: Any) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out, stderr=StringIO())
    return out.getvalue()


def labelled_file(path: Path, count: int) -> Path:
    rows = [
        {**run.episode.to_dict(), "meta": {"verdicts": list(run.verdicts)}}
        for run in arena.generate(count, seed=31)
    ]
    bare = {"task": "Say hi.", "steps": [{"text": "Hi."}]}
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, bare]))
    return path


def test_train_audit_and_evaluate(arena_project: Project, tmp_path: Path) -> None:
    said = typed("train", "--seed", 1)
    assert "v1 is ready" in said

    model = arena_project.reward_models.get()
    table = typed("audit", "--model", "v1")
    assert all(check["statistic"] in table for check in model.audit["checks"])
    with pytest.raises(CommandError, match="no reward model"):
        typed("audit", "--model", "v2")

    file = labelled_file(tmp_path / "held-out.jsonl", 6)
    printed = typed("evaluate", file, "--model", "v1")
    told = "6 labelled runs, 1 without labels, 0 rows that can't be read"
    assert told in printed
    for word in ("auroc", "bag_of_words", "position", "macro_f1", "tool", "kind"):
        assert word in printed, word
    results = json.loads(typed("evaluate", file, "--model", "v1", "--json"))
    assert results["runs"] == 6
    assert 0 < len(results["breakdown"]["reliability"]) <= 10
    assert "held-out.jsonl" in results["breakdown"]["by"]["source"]
    assert model.evaluations.count() == 2

    packed = tmp_path / "v1.zip"
    assert str(packed) in typed(
        "export_model", packed, "--transformers", "--model", "v1"
    )
    with pytest.raises(CommandError, match="something at"):
        typed("export_model", packed)
    assert "v1 is a candidate" in typed("import_model", packed)

    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps({"task": "Say hi.", "steps": [{"text": "Hi."}]}))
    with pytest.raises(CommandError, match=r"no labelled step in bare\.jsonl"):
        typed("evaluate", bare, "--model", "v1")


def test_a_checkpoint_comes_in(arena_project: Project, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "theirs", "trl")
    with pytest.raises(CommandError, match="--reading"):
        typed("import_model", folder)
    headless = checkpoint(tmp_path / "headless", "shepherd")
    with pytest.raises(CommandError, match="no two-way head"):
        typed("import_model", headless, "--reading", "qwen_math_prm")
    assert "v1 is a candidate" in typed("import_model", folder, "--reading", "trl")
    own = ("--reading", "trl", "--separator", r"\n\n")
    assert "v2 is a candidate" in typed("import_model", folder, *own)
    with pytest.raises(CommandError, match="download it as it is"):
        typed("export_model", tmp_path / "x", "--transformers", "--model", "v1")
    typed("export_model", tmp_path / "plain.zip", "--model", "v1")
    assert "v1 is a candidate" in typed("import_model", tmp_path / "plain.zip")
