"""A span of a trace, whoever wrote it, and the tree that a trace's spans make."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Literal

from scoring.formats.format import Record
from scoring.schema import Outcome, Tokens

_MAX_DEPTH = 100

Kind = Literal["model", "tool", "agent", "step", "other"]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """`at` is when it started, in seconds; `heard` what a model read and `answer` what
    it wrote, as OpenAI chat messages; `given` and `gave` the raw input and output of a
    tool or an agent; `reason` why it ended; `rest` what no other field holds."""

    trace: str
    id: str
    parent: str
    name: str
    kind: Kind
    at: float = 0.0
    heard: Sequence[Record] = ()
    answer: Record | None = None
    given: Any = None
    gave: Any = None
    call_id: str = ""
    agent: str = ""
    model: str = ""
    tokens: Tokens | None = None
    cost: float | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: str = ""
    reason: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    rest: Record = field(default_factory=dict)


class SpanTree:
    """The spans of one trace. Children may come before parents, and parents may be
    missing; a loop of parents is cut."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = sorted(spans, key=lambda span: span.at)
        self._by_id = {span.id: span for span in self._spans}
        self._above = {span: self._ancestors(span) for span in self._spans}
        self._calls = self._model_calls()
        managers = [self._agent_above(span) for span in self._deciders()]
        self._managers = set(filter(None, managers))
        self._called = {span for span in self._spans if self._is_called(span)}

    @property
    def root(self) -> Span | None:
        """The first span without a parent; None where it was not recorded."""
        return next((span for span in self._spans if not span.parent), None)

    def runs(self) -> Iterator[tuple[Span | None, list[Span]]]:
        """Each run of an agent, the outermost first: its root, and its model calls,
        steps, tools and called agents in order of time."""
        deciders = set(self._deciders())
        units: defaultdict[Span | None, list[Span]] = defaultdict(list)
        for span in self._spans:
            if span in deciders or self._is_call(span):
                units[self._run_around(span) or self.root].append(span)
        units.setdefault(self.root, [])
        for run in sorted(units, key=lambda run: run is not self.root):
            yield run, sorted(units[run], key=lambda span: self._turn(span, deciders))

    def _turn(self, span: Span, deciders: set[Span]) -> tuple[float, float]:
        """When it is told: what a step contains comes right after it, since clocks are
        too coarse to tell it from the step that follows."""
        around = next((s for s in self._above[span] if s in deciders), None)
        if around is None or span in deciders:
            return (span.at, 0.0)
        return (around.at, span.at)

    def is_called(self, span: Span) -> bool:
        return span in self._called

    def call_of(self, span: Span) -> Span:
        """What called an agent: the tool around it, or the agent's own span."""
        return next((s for s in self._above[span] if s.kind == "tool"), span)

    def agent(self, span: Span) -> str:
        """The name of the agent whose span it is."""
        around = (span, *self._above[span])
        return next((s.agent for s in around if s.agent), "")

    def _ancestors(self, span: Span) -> list[Span]:
        found: list[Span] = []
        above = self._by_id.get(span.parent)
        while above is not None and len(found) < _MAX_DEPTH and above not in found:
            found.append(above)
            above = self._by_id.get(above.parent)
        return found

    def _model_calls(self) -> list[Span]:
        """Model spans without the ones that wrap another, which say the same twice.
        Where the inner ones hold no answers, the outer ones are the calls."""
        models = [span for span in self._spans if span.kind == "model"]
        wrappers = {s for m in models for s in self._above[m] if s.kind == "model"}
        inner = [m for m in models if m not in wrappers]
        if wrappers and not all(m.answer for m in inner):
            return [m for m in models if not any(s in wrappers for s in self._above[m])]
        return inner

    def _deciders(self) -> list[Span]:
        return self._calls or [span for span in self._spans if span.kind == "step"]

    def _agent_above(self, span: Span) -> Span | None:
        return next((s for s in self._above[span] if s.kind == "agent"), None)

    def _is_called(self, span: Span) -> bool:
        """Whether a tool, or an agent that decides for itself, called this agent."""
        if span.kind != "agent":
            return False
        by_tool = any(above.kind == "tool" for above in self._above[span])
        return by_tool or self._agent_above(span) in self._managers

    def _is_call(self, span: Span) -> bool:
        """A tool that is no part of another, or an agent that no tool called."""
        if span.kind != "tool" and span not in self._called:
            return False
        run = self._run_around(span)
        within = takewhile(lambda above: above is not run, self._above[span])
        return not any(above.kind == "tool" for above in within)

    def _run_around(self, span: Span) -> Span | None:
        return next((s for s in self._above[span] if s in self._called), None)
