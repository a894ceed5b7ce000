"""Rows for tests, made as the application makes them. Plain functions, no magic."""

import uuid
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from scoring import schema
from webapp.models import ApiToken, Episode, Job, Project, RewardModel
from webapp.models.job import Kind
from webapp.models.project import Role
from webapp.models.reward_model import ModelState
from webapp.models.token import Scope
from webapp.services import episodes, labels, projects, tokens

_numbers = count(1)

# what an audit leaves that found nothing wrong
PASSED = {
    "spec": {"id": "default@1.0.0", "sha256": "5" * 64},
    "at": "2026-01-01T00:00:00+00:00",
    "runs": 8,
    "checks": [
        {
            "id": "A1",
            "title": "Padding",
            "statistic": "largest gain in R",
            "value": 0.0,
            "bar": "≤ 0",
            "hard": True,
            "status": "pass",
            "cases": 8,
            "examples": [],
        }
    ],
}


def a_user(name: str = "", **fields: Any) -> User:
    user = User(username=name or f"user-{next(_numbers)}", **fields)
    user.set_unusable_password()
    user.save()
    return user


def a_project(name: str = "", *, owner: User | None = None, **fields: Any) -> Project:
    name = name or f"Project {next(_numbers)}"
    return projects.create(name, owner=owner or a_user(), **fields)


def a_member(project: Project, name: str = "", role: str = Role.ANNOTATOR) -> User:
    user = a_user(name)
    projects.add_member(project, user=user, role=role)
    return user


def a_token(
    user: User, project: Project, *scopes: str, **fields: Any
) -> tuple[ApiToken, str]:
    """A token with the given scopes (all of them when none is named) and its secret."""
    wanted = scopes or Scope.values
    return tokens.create(user, project, name="test", scopes=wanted, **fields)


def a_run(steps: int = 3, *, task: str = "", **fields: Any) -> schema.Episode:
    """An episode as the library knows it: look-ups that end in a message."""
    number = next(_numbers)
    body = [
        {
            "thought": f"I need record {i}.",
            "calls": [
                {"name": "look_up", "arguments": {"record": i}, "result": f"found {i}"}
            ],
        }
        for i in range(steps - 1)
    ]
    return schema.Episode.from_dict(
        {
            "id": f"run-{number}",
            "task": task or f"Find record {number}.",
            "steps": [*body, {"text": f"Record {number} is yours."}],
            **fields,
        }
    )


def an_episode(project: Project, steps: int = 3, **fields: Any) -> Episode:
    run = a_run(steps, **fields)
    episodes.create_many(project, [run], source_format="pacenote")
    return project.episodes.get(content_hash=run.content_hash())


def a_label(
    episode: Episode,
    user: User,
    value: Any = 1,
    *,
    step: int | None = 0,
    axis: str = "verdict",
    **fields: Any,
) -> Any:
    """A label event; pass step=None for what is asked of a whole episode."""
    fields = {"event_id": uuid.uuid4(), "step_index": step, **fields}
    return labels.record(episode, user=user, axis=axis, value=value, **fields)


def a_labelled_project(owner: User, tasks: int = 24) -> Project:
    """Enough labels to train on: the middle step of every other run is wrong."""
    project = a_project(owner=owner)
    for i in range(tasks):
        # a fixed text: a task's side of the split depends on it
        episode = an_episode(project, task=f"Look up order {i}.")
        bad = i % 2
        labels.import_verdicts(
            episode,
            user=owner,
            verdicts=[1, -1 if bad else 1, 0],
            outcome=-1 if bad else 1,
            provenance="human",
        )
    return project


def a_job(project: Project, kind: str = Kind.IMPORT, **fields: Any) -> Job:
    return Job.objects.create(project=project, kind=kind, **fields)


def a_reward_model(
    project: Project, state: str = ModelState.CANDIDATE, **fields: Any
) -> RewardModel:
    """A row only, of a model that passed its audit: its files don't exist."""
    number = next(_numbers)
    fields = {
        "version": number,
        "sha256": f"{number:064x}",
        "audit": PASSED,
        **fields,
    }
    return RewardModel.objects.create(project=project, state=state, **fields)
