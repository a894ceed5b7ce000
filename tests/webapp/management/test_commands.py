"""The commands, as typed in a shell."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests import factories
from webapp.models import Project, Step
from webapp.services import labels, tokens


def typed(*words: Any) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [factories.a_run(n, outcome={"success": True}).to_dict() for n in (1, 2, 3)]
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_files_are_imported(project: Project, file: Path) -> None:
    said = typed("import_episodes", file, file, "--project", project.slug)

    assert "3 created, 0 duplicates" in said
    assert "0 created, 3 duplicates" in said
    assert set(project.jobs.values_list("state", flat=True)) == {"done"}


def test_an_import_may_say_what_kind_of_step_a_tool_makes(
    project: Project, file: Path
) -> None:
    typed("import_episodes", file, "--project", project.slug, "--kind", "look_*=memory")

    kinds = Step.objects.filter(episode__project=project).values_list("kind", flat=True)
    assert set(kinds) == {"memory", "message"}


def test_a_kind_that_is_none_imports_nothing(project: Project, file: Path) -> None:
    with pytest.raises(CommandError, match="'magic' is no kind of a step"):
        typed("import_episodes", file, "--project", project.slug, "--kind", "a=magic")
    assert not project.episodes.exists()


def test_a_file_that_is_refused_keeps_no_other_out(
    project: Project, file: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pkl"
    bad.write_bytes(b"\x80\x04.")

    with pytest.raises(CommandError, match=r"bad\.pkl: .*pickle"):
        typed("import_episodes", bad, tmp_path / "missing", file)

    assert project.episodes.count() == 3


def test_a_new_version_tells_what_became_of_the_labels(
    project: Project, file: Path, alice: User
) -> None:
    run = factories.a_run(3)
    file.write_text(json.dumps(run.to_dict()))
    typed("import_episodes", file)
    episode = project.episodes.get(external_id=run.id)
    for step in (0, 2):
        factories.a_label(episode, alice, 1, step=step)
    body = run.to_dict()
    file.write_text(json.dumps({**body, "steps": body["steps"][:2]}))

    said = typed("import_episodes", file)

    assert "1 labels carried over, 1 without the same step" in said


def test_a_broken_row_is_named_and_fails_the_command(
    project: Project, file: Path
) -> None:
    file.write_text(file.read_text() + '{"task": "x"}\n')

    with pytest.raises(CommandError, match="1 rows could not be read"):
        typed("import_episodes", file)
    assert project.episodes.count() == 3


@pytest.mark.parametrize("content", ["", "PK\x03\x04"])
def test_a_file_nobody_can_read_is_an_error(
    project: Project, file: Path, content: str
) -> None:
    file.write_text(content)

    with pytest.raises(CommandError, match=r"runs\.jsonl"):
        typed("import_episodes", file)
    with pytest.raises(CommandError):
        typed("score", file)


def test_a_project_must_be_named_where_there_are_two(
    project: Project, file: Path
) -> None:
    other = factories.a_project("Second")

    with pytest.raises(CommandError, match=other.slug):
        typed("import_episodes", file)
    with pytest.raises(CommandError, match=other.slug):
        typed("import_episodes", file, "--project", "third")


@pytest.mark.usefixtures("scorer", "champion")
def test_a_file_is_scored_line_by_line(project: Project, file: Path) -> None:
    scores = [json.loads(line) for line in typed("score", file).splitlines()]

    assert [len(score["steps"]) for score in scores] == [1, 2, 3]
    assert all(score["valid"] for score in scores)


def test_a_spec_without_a_model_scores_without_a_scorer(
    project: Project, file: Path
) -> None:
    assert len(typed("score", file, "--spec", "rlhf_t1").splitlines()) == 3
    with pytest.raises(CommandError, match="no reward spec"):
        typed("score", file, "--spec", "nobody@1")


def test_labels_are_exported_to_a_file(
    project: Project, alice: User, tmp_path: Path
) -> None:
    labels.import_verdicts(
        factories.an_episode(project), user=alice, verdicts=[1, 0, -1]
    )
    output = tmp_path / "out.jsonl"

    said = typed("export", "--to", "trl_stepwise", "--output", output)

    assert "1 lines of 1 episodes" in said
    assert json.loads(output.read_text())["labels"] == [True, True, False]


def test_a_token_is_printed_once_and_opens(project: Project, alice: User) -> None:
    secret = typed("create_token", "alice", "--scopes", "read, train").strip()

    token = tokens.authenticate(secret)
    assert token is not None
    assert (token.user, token.scopes) == (alice, ["read", "train"])


@pytest.mark.parametrize(
    "words", [("nobody",), ("alice", "--scopes", "root"), ("charlie",)]
)
def test_a_token_for_nobody_or_nothing_is_refused(
    project: Project, alice: User, words: tuple[str, ...]
) -> None:
    factories.a_user("charlie")

    with pytest.raises(CommandError):
        typed("create_token", *words)


@pytest.mark.usefixtures("live_broker")
@pytest.mark.parametrize("words", [("train",), ("audit",), ("evaluate", __file__)])
def test_without_a_worker_it_is_said_how_to_start_one(
    project: Project, words: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="make up"):
        typed(*words)
    assert not project.jobs.exists()
