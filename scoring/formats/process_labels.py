"""Data sets that come with step labels: PRM800K (arXiv:2305.20050), Math-Shepherd
(arXiv:2312.08935), ProcessBench (arXiv:2412.06559) and TRL's stepwise supervision.

The labels are kept as `meta["verdicts"]`: one a step, -1, 0, +1, or None.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scoring.errors import InvalidEpisode
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import VERDICTS, Episode, Outcome

_TAG = "ки"
_SIGNS = {"+": 1, "-": -1}


def read_prm800k(row: Record) -> Iterator[Episode]:
    """The chain that was chosen; its alternatives stay in `meta`."""
    question = fields.record(row.get("question"))
    label = fields.record(row.get("label"))
    chain = [_chosen(step) for step in fields.records(label.get("steps"))]
    steps = [step for step in chain if step is not None]
    yield _episode(fields.string(question, "problem"), steps, row)


def _chosen(step: Record) -> tuple[str, int | None] | None:
    completions = fields.records(step.get("completions"))
    chosen = fields.count(step.get("chosen_completion"))
    if chosen is not None and chosen < len(completions):
        return _rated(completions[chosen])
    if step.get("human_completion") is not None:
        return _rated(fields.record(step["human_completion"]))
    # the labeller stopped here: the one completion that was rated ends the chain
    return _rated(completions[0]) if len(completions) == 1 else None


def _rated(completion: Record) -> tuple[str, int | None]:
    rating = fields.number(completion.get("rating"))
    known = None if rating not in VERDICTS else int(rating)
    return fields.string(completion, "text"), known


def read_math_shepherd(row: Record) -> Iterator[Episode]:
    """A tag ends each step in `input`; in `label` a + or - stands at its place."""
    said, marked = fields.string(row, "input"), fields.string(row, "label")
    task, begins, solution = said.partition("Step 1")
    if not begins:
        raise InvalidEpisode("no 'Step 1' parts problem and solution", pointer="/input")
    steps: list[tuple[str, int | None]] = []
    place = len(task)
    for text in (begins + solution).split(_TAG):
        place += len(text)
        steps.append((text.strip(), _SIGNS.get(marked[place : place + 1])))
        place += 1
    yield _episode(task.strip(), steps, row)


def read_stepwise(row: Record) -> Iterator[Episode]:
    completions = [fields.text(text) for text in fields.items(row.get("completions"))]
    labels = [1 if label else -1 for label in fields.items(row.get("labels"))]
    if len(labels) != len(completions):
        detail = f"{len(completions)} completions but {len(labels)} labels"
        raise InvalidEpisode(detail, pointer="/labels")
    steps = list(zip(completions, labels, strict=True))
    yield _episode(fields.text(row.get("prompt")), steps, row)


def read_processbench(row: Record) -> Iterator[Episode]:
    """`label` is the first wrong step, -1 where none is; what follows a wrong step was
    not judged."""
    texts = [fields.text(text) for text in fields.items(row.get("steps"))]
    label = row.get("label")
    if type(label) is not int or not -1 <= label < len(texts):
        detail = f"expected the first wrong of {len(texts)} steps, or -1"
        raise InvalidEpisode(detail, pointer="/label")
    judged = len(texts) if label == -1 else label
    verdicts = [1] * judged + ([] if label == -1 else [-1])
    unjudged: list[int | None] = [None] * (len(texts) - len(verdicts))
    steps = list(zip(texts, [*verdicts, *unjudged], strict=True))
    correct = row.get("final_answer_correct")
    outcome = Outcome(success=correct if isinstance(correct, bool) else None)
    yield _episode(fields.text(row.get("problem")), steps, row, outcome)


def _episode(
    task: str,
    steps: Sequence[tuple[str, int | None]],
    row: Record,
    outcome: Outcome | None = None,
) -> Episode:
    talk = Conversation(task=task)
    kept = [(text, verdict) for text, verdict in steps if text]
    for text, _ in kept:
        talk.step(text)
    said = ("prompt", "completions", "input", "problem", "steps")
    asked = fields.record(row.get("question"))
    reference = fields.string(asked, "ground_truth_answer") or None
    episode = talk.episode(
        columns=fields.without(row, *said),
        outcome=outcome or Outcome(reference=reference),
    )
    verdicts = [verdict for _, verdict in kept]
    return replace(episode, meta={**episode.meta, "verdicts": verdicts})


def _is_tagged(row: Record) -> bool:
    return _TAG in fields.string(row, "input")


PRM800K = Format(
    name="prm800k",
    title="PRM800K labels",
    needs=(keys("labeler", "question", "label"),),
    read=read_prm800k,
)
MATH_SHEPHERD = Format(
    name="math_shepherd",
    title="Math-Shepherd labels",
    needs=(keys("input", "label", "task"),),
    accepts=_is_tagged,
    read=read_math_shepherd,
)
STEPWISE = Format(
    name="trl_stepwise",
    title="TRL stepwise supervision",
    needs=(keys("prompt", "completions", "labels"),),
    read=read_stepwise,
)
PROCESSBENCH = Format(
    name="processbench",
    title="ProcessBench labels",
    needs=(keys("problem", "steps", "final_answer_correct", "label"),),
    read=read_processbench,
)
