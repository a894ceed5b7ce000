"""Episodes in, predictions out: one trunk, many models, the same numbers every time.

The episodes of a batch are read together, what several of them share only once, and
what an earlier call has read or scored not again. A score depends on its own episode
only, bit by bit, whatever else is in the batch or was asked before.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from scoring.detection import AXES, Detector
from scoring.prm import incremental, recall
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model, load_model
from scoring.prm.encode import Encoded, tokens
from scoring.prm.evidence import Locate, locator
from scoring.prm.foreign import Foreign, is_foreign, load_foreign
from scoring.prm.incremental import Heard, Past, Seen, StepScore
from scoring.prm.recall import Entry, Key, Recall, RememberedTokens
from scoring.prm.runs import Reading, Run
from scoring.schema import Episode, Prediction

KEPT_MODELS = 8


@dataclass(frozen=True, slots=True)
class _Plan:
    """An episode, its keys, what is known of its first steps, and the cues of the
    others."""

    episode: Episode
    encoded: Encoded
    keys: Sequence[Key]
    known: Sequence[Entry]

    def runs(self) -> list[Run]:
        """What has to be read of each window that holds a new step."""
        windows = ((part, self._new(part)) for part in self.encoded.windows())
        return [Run(part.token_ids, spans[0][0]) for part, spans in windows if spans]

    def states(self, readings: Sequence[Reading]) -> Iterator[Tensor]:
        """[L_t, d] of each new step that has a span; one reading a run."""
        windows = [self._new(part) for part in self.encoded.windows()]
        for spans, reading in zip(filter(None, windows), readings, strict=True):
            first = spans[0][0]
            for start, end in spans:
                yield reading.states[start - first : end - first]

    def _new(self, window: Encoded) -> list[tuple[int, int]]:
        return [span for span in window.spans[len(self.known) :] if span]


class Engine:
    """Scores episodes with models that share one trunk, or that bring their own."""

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk
        self._tokenizer = RememberedTokens(trunk.tokenizer)
        self._models: OrderedDict[Path, Model | Foreign] = OrderedDict()
        self._recall = Recall()

    def load(self, directory: Path) -> Model | Foreign:
        """The model of a folder, kept for next time (the folder's name is its hash).

        Raises:
            ModelMismatch: see `card.load_model` and `foreign.load_foreign`.
        """
        if directory not in self._models:
            self._models[directory] = (
                load_foreign(directory, self.trunk.device)
                if is_foreign(directory)
                else load_model(directory, self.trunk)
            )
        self._models.move_to_end(directory)
        while len(self._models) > KEPT_MODELS:
            self._models.popitem(last=False)
        return self._models[directory]

    def predict(
        self,
        episodes: Sequence[Episode],
        model: Model | Foreign,
        *,
        remembered: bool = True,
    ) -> list[Prediction]:
        """One prediction an episode; `truncation` names every step without a score.
        Without `remembered`, heads are read again where their scores are known. Call it
        from one thread at a time."""
        if isinstance(model, Foreign):
            return model.predict(episodes)
        lasting = remembered and self._is_loaded(model)
        plans = [self._plan(episode, model, lasting) for episode in episodes]
        runs = [plan.runs() for plan in plans]
        trunk = model.trunk or self.trunk
        readings = trunk.read([run for of_plan in runs for run in of_plan])
        predictions = [
            self._predict(plan, list(islice(readings, len(wanted))), model, lasting)
            for plan, wanted in zip(plans, runs, strict=True)
        ]
        deque(readings, 0)  # to its end: one that is abandoned empties the cache
        return predictions

    def forget(self) -> None:
        """Empty every cache: what is asked next is computed."""
        own = (model.trunk for model in self._models.values() if type(model) is Model)
        for trunk in (self.trunk, *filter(None, own)):
            trunk.forget()
        self._recall.clear()

    def _plan(self, episode: Episode, model: Model, lasting: bool) -> _Plan:
        encoded = tokens(episode, self._tokenizer, model.max_tokens)
        keys = list(recall.keys(episode, model.sha256))
        known = self._recall.known(keys) if lasting else []
        rows = self._recall.cues(episode, keys, len(known))
        known_rows = [()] * len(known)
        encoded = replace(encoded, cues=(*known_rows, *rows))
        return _Plan(episode, encoded, keys, known)

    def _is_loaded(self, model: Model) -> bool:
        """Only a model out of its folder is what its hash says."""
        return any(model is one for one in self._models.values())

    def _predict(
        self, plan: _Plan, readings: Sequence[Reading], model: Model, lasting: bool
    ) -> Prediction:
        encoded, known = plan.encoded, plan.known
        past = known[-1].past if known else Past.none(model)
        locate = locator(plan.episode, self._tokenizer)
        entries = [*known]
        states = plan.states(readings)
        for t, heard, after in _heard(states, encoded, model, past, len(known)):
            entries.append(Entry(_score(model, heard, t, locate), after))
            if lasting:
                self._recall.add(plan.keys[t], entries[-1])
        scores = [entry.score for entry in entries]
        computed = sum(reading.computed for reading in readings)
        return replace(
            _prediction(scores, encoded),
            social=_detectors(scores, model),
            cached_tokens=len(encoded.token_ids) - computed,
        )


def predict(
    states: Sequence[Tensor],
    encoded: Encoded,
    model: Model,
    locate: Locate | None = None,
) -> Prediction:
    """Read the heads; `states` holds [L_t, d] for each step that has a span, in order.
    With `locate`, social heads say which words made them.

    Training measures itself through this very function.
    """
    heard = _heard(iter(states), encoded, model, Past.none(model))
    scores = [_score(model, said, t, locate) for t, said, _ in heard]
    prediction = _prediction(scores, encoded)
    return replace(prediction, social=_detectors(scores, model))


def predict_logits(
    states: Sequence[Tensor], encoded: Encoded, model: Model
) -> dict[str, Tensor]:
    """What every judge's members say, before calibration: [T, K, C] by name."""
    rows = _heard(iter(states), encoded, model, Past.none(model))
    said = [heard.logits for _, heard, _ in rows if heard]
    return {
        name: torch.stack([logits[name] for logits in said])
        if said
        else judge.mixer.bias.new_empty(0, *judge.mixer.bias.shape)
        for name, judge in model.judges.items()
    }


def held_out(
    encoded: Encoded, model: Model, logits: Mapping[str, Tensor]
) -> Prediction:
    """The prediction that logits [T, C] of judges which never saw the task make."""
    scores: list[StepScore | None] = [None] * len(encoded.spans)
    for place, t in enumerate(encoded.scored):
        said = {name: part[place, None] for name, part in logits.items()}
        scores[t] = incremental.judged(model, said)
    return _prediction(scores, encoded)


def _heard(
    states: Iterator[Tensor], encoded: Encoded, model: Model, past: Past, start: int = 0
) -> Iterator[tuple[int, Heard | None, Past]]:
    """For each step from `start` on: what is said of it, None where it wasn't read,
    and the past after it."""
    for t, span in enumerate(encoded.spans[start:], start):
        heard = None
        if span:
            own = encoded.token_ids[slice(*span)]
            step = Seen(next(states), own, encoded.cues[t])
            heard, past = incremental.hear(model, step, past)
        yield t, heard, past


def _score(
    model: Model, heard: Heard | None, t: int, locate: Locate | None
) -> StepScore | None:
    if heard is None:
        return None
    found = incremental.detected(model, heard, t, locate)
    return replace(incremental.judged(model, heard.logits), social=found)


def _prediction(scores: Sequence[StepScore | None], encoded: Encoded) -> Prediction:
    return Prediction(
        q=tuple(None if score is None else score.q for score in scores),
        q_std=tuple(None if score is None else score.q_std for score in scores),
        verdicts=tuple(None if score is None else score.verdict for score in scores),
        value=tuple(None if score is None else score.value for score in scores),
        tokens=len(encoded.token_ids),
        truncation=encoded.truncation,
    )


def _detectors(scores: Sequence[StepScore | None], model: Model) -> dict[str, Detector]:
    """What the social heads said, by axis."""
    found = [{} if score is None else score.social for score in scores]
    return {
        axis: Detector(tuple(step.get(axis) for step in found), model.bars[axis])
        for axis in AXES
        if axis in model.heads
    }
