"""PRMBench (arXiv:2501.03124), whose errors were put in on purpose, and the trees of
OmegaPRM (arXiv:2406.06592), whose steps have Monte-Carlo values.

Of PRMBench the process with the errors is read, with `meta["verdicts"]` as in
`process_labels`; of a tree, each path to a leaf, with `meta["values"]`: for each step
the share of rollouts that succeeded from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode, Outcome

Path = list[Record]


def read_bench(row: Record) -> Iterator[Episode]:
    talk = Conversation(task=fields.string(row, "modified_question", "question"))
    steps = [fields.text(text) for text in fields.items(row.get("modified_process"))]
    wrong = {fields.count(place) for place in fields.items(row.get("error_steps"))}
    kept = [(place, text) for place, text in enumerate(steps, 1) if text]
    for _, text in kept:
        talk.step(text)
    episode = talk.episode(
        id=fields.string(row, "idx", "id"),
        columns=fields.without(row, "modified_question", "modified_process"),
    )
    verdicts = [-1 if place in wrong else 1 for place, _ in kept]
    yield replace(episode, meta={**episode.meta, "verdicts": verdicts})


def read_tree(row: Record) -> Iterator[Episode]:
    """A tree, whose root repeats the question; or its flat form, a list of prefixes of
    one solution."""
    root = row.get("reasoning_steps")
    if isinstance(root, list):
        yield _path(row, _unfolded(fields.records(root)), "")
        return
    for number, path in enumerate(_paths(fields.record(root))):
        yield _path(row, path[1:] or path, str(number))


def _paths(root: Record) -> Iterator[Path]:
    """All paths from the root to a leaf, the first child first."""
    open_paths = [[root]]
    while open_paths:
        path = open_paths.pop()
        children = fields.records(path[-1].get("children"))
        if children:
            open_paths += [[*path, child] for child in reversed(children)]
        else:
            yield path


def _unfolded(prefixes: Sequence[Record]) -> Path:
    """Each prefix without the one before it."""
    steps: Path = []
    before = ""
    for prefix in prefixes:
        words = fields.string(prefix, "solution_prefix", "text")
        steps.append({**prefix, "text": words.removeprefix(before).strip()})
        before = words
    return steps


def _path(row: Record, path: Path, name: str) -> Episode:
    talk = Conversation(task=fields.string(row, "question"))
    kept = [node for node in path if fields.string(node, "text")]
    for node in kept:
        talk.step(fields.string(node, "text"))
    values = [fields.number(node.get("mc_value")) for node in kept]
    last: Any = values[-1] if values else None
    reference = fields.string(row, "final_answer") or None
    episode = talk.episode(
        id=":".join(filter(None, [fields.string(row, "question_id"), name])),
        columns=fields.without(row, "question", "reasoning_steps", "final_answer"),
        # between 0 and 1 the path isn't finished: it only began well or badly
        outcome=Outcome({0: False, 1: True}.get(last), reference=reference),
    )
    return replace(episode, meta={**episode.meta, "values": values})


PRM_BENCH = Format(
    name="prm_bench",
    title="PRMBench's processes with errors",
    needs=(keys("modified_process", "error_steps"),),
    read=read_bench,
)
VALUE_TREE = Format(
    name="value_tree",
    title="solutions with Monte-Carlo values",
    needs=(keys("question", "reasoning_steps"),),
    read=read_tree,
)
