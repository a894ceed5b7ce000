"""Drafts: looked at before they are imported."""

import json
from io import BytesIO
from typing import Any

import pytest

from tests import factories
from webapp.errors import Invalid
from webapp.models import Project
from webapp.services import drafts
from webapp.services.drafts import Draft, Preview


def kept(project: Project, data: bytes, **more: Any) -> Draft:
    return drafts.keep(project, BytesIO(data), filename="runs.jsonl", **more)


def preview(project: Project, data: bytes, **more: Any) -> Preview:
    found = kept(project, data, **more).preview
    assert found is not None
    return found


def a_line(**fields: Any) -> bytes:
    return json.dumps(factories.a_run(**fields).to_dict()).encode() + b"\n"


def test_a_look_tells_format_first_episode_and_counts(project: Project) -> None:
    found = preview(project, a_line(task="Fix it.") + a_line(steps=5) + b"{broken\n")

    assert (found.format, found.episodes, found.steps) == ("pacenote", 2, 8)
    assert found.first is not None
    assert found.first.task == "Fix it."
    assert len(found.steps_shown) == 3
    assert (found.failed, found.errors[0].line, found.is_whole) == (1, 3, True)
    assert not project.episodes.exists()
    assert not project.jobs.exists()


def test_a_look_at_a_long_file_is_a_short_one(project: Project) -> None:
    found = preview(project, b"".join(a_line() for _ in range(300)))

    assert (found.episodes <= drafts.LOOK_EPISODES, found.is_whole) == (True, False)


def test_a_slow_look_shows_something_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "LOOK_SECONDS", 0)

    found = preview(project, a_line() + a_line())

    assert (found.episodes, found.is_whole) == (1, False)


def test_warnings_of_the_mapping_are_counted(project: Project) -> None:
    said = [("user", "q"), ("assistant", ""), ("assistant", "a")]
    chat = {"messages": [{"role": role, "content": text} for role, text in said]}

    found = preview(project, json.dumps(chat).encode())

    assert found.warnings == (("an empty answer was left out", 1),)


def test_another_format_may_be_chosen(project: Project) -> None:
    draft = kept(project, a_line())

    again = drafts.again(project, draft.token, format="openai_chat")

    assert (again.chosen, again.filename) == ("openai_chat", "runs.jsonl")
    assert again.preview is not None
    assert (again.preview.format, again.preview.episodes) == ("openai_chat", 0)


def test_what_nobody_knows_is_told_the_nearest_formats(project: Project) -> None:
    draft = kept(project, b'{"task": "t", "moves": []}')

    assert draft.preview is None
    assert draft.problem.count("lacks") == 3


def test_a_token_is_good_in_its_project_only(project: Project) -> None:
    draft = kept(project, a_line())

    with pytest.raises(Invalid, match="another project"):
        drafts.find(factories.a_project(), draft.token)


@pytest.mark.parametrize("token", ["", "x", "\x00", "a:b:c"])
def test_a_token_we_did_not_sign_is_nobodys(project: Project, token: str) -> None:
    with pytest.raises(Invalid, match="expired"):
        drafts.find(project, token)
