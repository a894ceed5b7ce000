"""Logs of Magentic-One and the failures of Who&When (arXiv:2505.00212).

Who&When says which agent made the decisive mistake, and at which message: that is the
one label, kept as -1 in `meta["verdicts"]`; of the other steps it says nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import outcome_of
from scoring.schema import Episode

# "Orchestrator (thought)", "Orchestrator (-> WebSurfer)"
_ROLE = re.compile(r"([^()]{1,80}?)\s*\((thought|->[^()]{0,80}|[^()]{0,80})\)")
_USERS = ("human", "user")


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation(task=fields.string(row, "question"))
    mistake, wrong = fields.string(row, "mistake_step"), None
    for i, message in enumerate(fields.records(row.get("history"))):
        before = len(talk)
        _hear(talk, message, f"/history/{i}")
        if str(i) == mistake and len(talk) > before:
            wrong = before
    episode = talk.episode(
        id=fields.string(row, "question_ID", "id"),
        columns=fields.without(row, "history", "question"),
        outcome=outcome_of(row, talk),
    )
    verdicts = [-1 if step.index == wrong else None for step in episode.steps]
    yield replace(episode, meta={**episode.meta, "verdicts": verdicts})


def _hear(talk: Conversation, message: Record, at: str) -> None:
    name = fields.string(message, "name", "role")
    role = fields.string(message, "role")
    words = fields.text(message.get("content"))
    part = _ROLE.fullmatch(role)
    if role in _USERS and name in _USERS:
        talk.user(words)
    elif part and part[2] == "thought":
        talk.step("", words, agent=part[1], raw_ref=at)
    else:
        agent, to = (
            (part[1], part[2].removeprefix("->").strip()) if part else (name, "")
        )
        talk.step(f"(to {to}) {words}" if to else words, agent=agent, raw_ref=at)


WHO_AND_WHEN = Format(
    name="who_and_when",
    title="Who&When failure logs",
    needs=(keys("history", "mistake_agent"), keys("history", "mistake_step")),
    read=read,
)
