"""Episodes out of traces: spans of model calls, tools and agents, joined by parents.

Tracers repeat the whole history in every model call and log tools as spans of their
own. One step is one model call with the tools that ran before the next one. An agent
that another agent or a tool called is an episode of its own, linked to its caller.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.errors import InvalidEpisode, InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import MAX_CALLS, NO_TASK, Conversation
from scoring.formats.format import Record, RowError
from scoring.formats.openai_chat import hear_message
from scoring.formats.outcomes import ended_by
from scoring.formats.spans import Span, SpanTree
from scoring.formats.spoken import spoken
from scoring.schema import Episode

NO_CONTENT = "(the trace does not hold what the model said)"
Result = tuple[Span, str]


def episodes(spans: Iterable[Span]) -> Iterator[Episode | RowError]:
    """An episode for every trace, and one for every agent called inside it."""
    traces: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace].append(span)
    for trace, members in traces.items():
        tree = SpanTree(members)
        for root, units in tree.runs():
            try:
                yield _episode(tree, trace, root, units)
            except InvalidInput as error:
                yield RowError(None, f"trace {trace[:40]!r}: {error.detail}")


def _episode(
    tree: SpanTree, trace: str, root: Span | None, units: Sequence[Span]
) -> Episode:
    telling = _Telling(tree)
    if not units:
        telling.recall(root)
    for decision, tools in _decisions(units):
        telling.tell(decision, tools)
    talk = telling.talk
    if root is None:
        talk.warn("the trace's root span is missing")
        return _finished(talk, units, id=trace)
    talk.task = talk.task or _asked(root) or NO_TASK
    talk.ended = ended_by(root.reason or (units[-1].reason if units else ""))
    columns, id = dict(root.rest), trace
    if tree.is_called(root):
        columns |= {"parent": id, "parent_call": tree.call_of(root).id}
        id = f"{id}/{root.id}"
    return _finished(
        talk,
        units,
        id=id,
        agent=tree.agent(root) or root.name,
        columns=columns,
        outcome=root.outcome,
    )


def _finished(talk: Conversation, units: Sequence[Span], **more: Any) -> Episode:
    talk.task = talk.task or NO_TASK
    model = next((span.model for span in units if span.model), "")
    return talk.episode(model=model, **more)


def _asked(root: Span) -> str:
    said = [m for m in spoken(root.given) if m["role"] == "user"]
    return "\n".join(fields.text(m["content"]) for m in said[:1])


def _decisions(units: Sequence[Span]) -> Iterator[tuple[Span | None, list[Span]]]:
    """Every model call or step with the calls that were made before the next one."""
    decision: Span | None = None
    calls: list[Span] = []
    for span in units:
        if span.kind in ("model", "step"):
            if decision or calls:
                yield decision, calls
            decision, calls = span, []
        else:
            calls.append(span)
    if decision or calls:
        yield decision, calls


@dataclass(slots=True)
class _Telling:
    """Tells a run to a conversation, each thing that was said once."""

    tree: SpanTree
    talk: Conversation = field(default_factory=Conversation)
    heard: Counter[str] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)

    def tell(self, decision: Span | None, tools: Sequence[Span]) -> None:
        if decision:
            self._hear(decision.heard)
        answer = (decision and decision.answer) or {"role": "assistant"}
        asked = fields.records(answer.get("tool_calls"))
        calls, results = _joined(asked, tools)
        if decision and not (answer.get("content") or calls):
            words = fields.text(decision.gave) or decision.error
            answer = {**answer, "content": words or NO_CONTENT}
        span = decision or tools[0]
        hear_message(
            self.talk,
            {**answer, "tool_calls": calls, "name": self.tree.agent(span)},
            at=span.id,
            usage=span.tokens,
            cost=span.cost,
            started_at=span.started_at,
            ended_at=span.ended_at,
            error=(decision and decision.error) or None,
        )
        for tool, call_id in results:
            self.answered.add(call_id)
            words = (
                tool.error if tool.gave in (None, "", {}) else fields.text(tool.gave)
            )
            self.talk.result(words, call_id, tool.name, is_error=bool(tool.error))

    def recall(self, root: Span | None) -> None:
        """A run whose calls were not recorded, but the conversation that came of it."""
        said = spoken(root.gave, "assistant") if root else []
        if root is None or not any(m["role"] == "assistant" for m in said):
            raise InvalidEpisode("no call of a model or a tool inside")
        asked = [] if any(m["role"] == "user" for m in said) else spoken(root.given)
        for message in (*asked, *said):
            hear_message(self.talk, message, at=root.id)

    def _hear(self, messages: Sequence[Record]) -> None:
        """Of a history that every call repeats, what was not heard before."""
        first = not len(self.talk)
        now: Counter[str] = Counter()
        for message in messages:
            said = json.dumps([message["role"], message.get("content")])
            now[said] += 1
            if now[said] > self.heard[said]:
                self.heard[said] += 1
                if first or not self._is_known(message):
                    hear_message(self.talk, message, at="")

    def _is_known(self, message: Record) -> bool:
        """Whether a span of its own says this already: an answer, a tool's result."""
        answered = fields.string(message, "tool_call_id") in self.answered
        repeats = message["role"] == "tool" and (answered or not self.talk.waits())
        return repeats or message["role"] == "assistant"


def _joined(
    asked: Sequence[Record], tools: Sequence[Span]
) -> tuple[list[Record], list[Result]]:
    """The calls of a step and the results of its tools. A tool that no answer asked
    for, as in agents that write code, is a call of the step as well."""
    if len(asked) + len(tools) > 2 * MAX_CALLS:
        raise InvalidEpisode(f"more than {MAX_CALLS} calls in one step")
    calls, free = [*asked], [*asked]
    results: list[Result] = []
    for tool in tools:
        same = [c for c in free if tool.call_id and c.get("id") == tool.call_id]
        same = same or [c for c in free if c.get("name") == tool.name]
        if same:
            free.remove(same[0])
            results.append((tool, fields.string(same[0], "id")))
        else:
            id = tool.call_id or tool.id
            calls.append({"id": id, "name": tool.name, "arguments": tool.given})
            results.append((tool, id))
    return calls, results
