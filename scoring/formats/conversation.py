"""The one mapping from a conversation to an Episode, shared by every format.

One step is one message of the agent with all its parallel calls. Results are joined to
their calls by id; where ids are missing or repeated they're joined in order and a
warning says so. What users and the environment say is the observation of the step that
follows. The first user message is the task, system messages before the first step are
the system prompt.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.errors import InvalidEpisode
from scoring.formats import fields
from scoring.formats.kinds import kind_of
from scoring.schema import MAX_STEPS, Call, Ended, Episode, Step

MAX_CALLS = 1000
# some logs begin after the prompt
NO_TASK = "(the log does not hold the prompt)"


@dataclass(slots=True, eq=False)
class _Slot:
    """A call that waits for its result, and the calls of its step."""

    calls: list[Call]
    position: int

    @property
    def call(self) -> Call:
        return self.calls[self.position]

    def fill(self, result: str, is_error: bool) -> None:
        call = self.call
        filled = Call(call.name, call.arguments, call.id, result, is_error)
        self.calls[self.position] = filled


@dataclass(slots=True)
class Conversation:
    """Collects the turns of one run in the order they happened."""

    task: str = ""
    system_prompt: str = ""
    ended: Ended = "terminated"
    warnings: Counter[str] = field(default_factory=Counter)
    _steps: list[tuple[dict[str, Any], list[Call]]] = field(default_factory=list)
    _heard: list[str] = field(default_factory=list)
    _waiting: list[_Slot] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._steps)

    def waits(self) -> bool:
        """Whether a call of the last step has no result yet."""
        latest = self._steps[-1][1] if self._steps else None
        return any(slot.calls is latest for slot in self._waiting)

    def warn(self, sentence: str) -> None:
        self.warnings[sentence] += 1

    def system(self, text: str) -> None:
        """Instructions. Some logs repeat them: only what is new is kept."""
        if not text or text == self.system_prompt:
            return
        if self._steps:
            self._heard.append(text)
        else:
            self.system_prompt = "\n\n".join(filter(None, [self.system_prompt, text]))

    def user(self, text: str) -> None:
        """Something the user or the environment said."""
        if not text:
            return
        first = not self.task
        if first:
            self.task = text
        if not first or self._steps:
            self._heard.append(text)

    def event(self, text: str) -> None:
        """Something that happened, and that nobody asked of the agent."""
        if text:
            self._heard.append(text)

    def step(
        self, text: str = "", thought: str = "", calls: Iterable[Call] = (), **more: Any
    ) -> None:
        """A decision of the agent; `more` are further fields of Step."""
        made = list(calls)
        if len(made) > MAX_CALLS:
            raise InvalidEpisode(f"{len(made)} calls in one step (at most {MAX_CALLS})")
        if not (text or thought or made):
            self.warn("an empty answer was left out")
            return
        if len(self._steps) == MAX_STEPS:
            raise InvalidEpisode(f"more than {MAX_STEPS} steps", pointer="/steps")
        step = {
            "index": len(self._steps),
            "text": text,
            "thought": thought,
            "observation": "\n\n".join(self._heard),
            **more,
        }
        self._heard.clear()
        self._steps.append((step, made))
        # a result that comes late may answer the step before, hardly an older one
        self._waiting = self._waiting[-100:]
        self._waiting += [_Slot(made, i) for i in range(len(made))]

    def amend(self, **more: Any) -> None:
        """What was only learnt of the last step after it; known fields stay."""
        if self._steps:
            step = self._steps[-1][0]
            step.update({k: v for k, v in more.items() if step.get(k) is None})

    def result(
        self, text: str, call_id: str = "", name: str = "", is_error: bool = False
    ) -> None:
        """What a tool gave back."""
        slot = self._slot(call_id, name)
        if slot is None:
            self.warn("a result without a call was taken as an observation")
            self._heard.append(text)
            return
        self._waiting.remove(slot)
        slot.fill(text, is_error)

    def _slot(self, call_id: str, name: str) -> _Slot | None:
        same_id = [
            slot for slot in self._waiting if call_id and slot.call.id == call_id
        ]
        if len(same_id) > 1:
            self.warn("a call's id is used twice: results were joined in order")
        if same_id:
            return same_id[0]
        return self._next_in_order(call_id, name)

    def _next_in_order(self, call_id: str, name: str) -> _Slot | None:
        """The first call of the last step that no id speaks against."""
        latest = self._steps[-1][1] if self._steps else None
        free = [
            slot
            for slot in self._waiting
            if slot.calls is latest and not (call_id and slot.call.id)
        ]
        same_name = [slot for slot in free if name and slot.call.name == name]
        slot = next(iter(same_name or free), None)
        if slot is not None and (call_id or slot.call.id):
            self.warn("a result and its call lack a common id: joined in order")
        return slot

    def reward(self, values: Sequence[Any]) -> None:
        """The environment's reward of each step."""
        if len(values) != len(self._steps):
            if values:
                self.warn("step rewards were left out: not one for each step")
            return
        for (step, _), value in zip(self._steps, values, strict=True):
            step["reward"] = fields.number(value)

    def episode(
        self,
        *,
        columns: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Episode:
        """The finished episode; `more` are further fields of Episode.

        Raises:
            InvalidEpisode: nobody answered, or nothing was asked.
        """
        if not self._steps:
            raise InvalidEpisode(
                "no step inside: a prompt without any answer of the agent", pointer=""
            )
        if not self.task:
            raise InvalidEpisode("no task inside: no user message, no task column")
        return Episode(
            task=self.task,
            system=self.system_prompt,
            steps=tuple(_finished(step, calls) for step, calls in self._steps),
            ended=self.ended,
            meta=self._meta(columns),
            **more,
        )

    def _meta(self, columns: Mapping[str, Any] | None) -> dict[str, Any]:
        meta: dict[str, Any] = {}
        if columns:
            meta["columns"] = dict(columns)
        if self._heard:
            meta["heard_after_the_end"] = list(self._heard)
        if self.warnings:
            meta["warnings"] = [
                text if times == 1 else f"{text} ({times} times)"
                for text, times in self.warnings.items()
            ]
        return meta


def _finished(step: dict[str, Any], calls: list[Call]) -> Step:
    kind = step.pop("kind", None) or kind_of(calls, step["thought"], step["text"])
    return Step(**step, calls=tuple(calls), kind=kind)


@dataclass(slots=True)
class Turn:
    """A step in the making, for logs that write one decision as several records."""

    talk: Conversation
    agent: str = ""
    thoughts: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def end(self, **more: Any) -> None:
        """Make it a step, if there is anything; `more` are further fields of Step."""
        if self.thoughts or self.words or self.calls:
            self.talk.step(
                "\n\n".join(filter(None, self.words)),
                "\n\n".join(filter(None, self.thoughts)),
                self.calls,
                agent=self.agent,
                **more,
            )
        self.thoughts, self.words, self.calls = [], [], []
