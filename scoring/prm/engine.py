"""Episodes in, predictions out: one trunk, many models, the same numbers every time.

The episodes of a batch are read together, what several of them share only once, and
what an earlier call has read not again. A score depends on its own episode only, bit by
bit, whatever else is in the batch.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from scoring.detection import AXES
from scoring.prm import judges, mixing, social
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model, load_model
from scoring.prm.encode import Encoded, encode
from scoring.prm.evidence import Locate, locator
from scoring.prm.foreign import Foreign, is_foreign, load_foreign
from scoring.prm.runs import Reading, Run
from scoring.schema import Episode, Prediction

KEPT_MODELS = 8

T = TypeVar("T")


class Engine:
    """Scores episodes with models that share one trunk, or that bring their own."""

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk
        self._models: OrderedDict[Path, Model | Foreign] = OrderedDict()

    def load(self, directory: Path) -> Model | Foreign:
        """The model of a folder, kept for next time (the folder's name is its hash).

        Raises:
            ModelMismatch: see `card.load_model` and `foreign.load_foreign`.
        """
        if directory not in self._models:
            self._models[directory] = (
                load_foreign(directory)
                if is_foreign(directory)
                else load_model(directory, self.trunk)
            )
        self._models.move_to_end(directory)
        while len(self._models) > KEPT_MODELS:
            self._models.popitem(last=False)
        return self._models[directory]

    def predict(
        self, episodes: Sequence[Episode], model: Model | Foreign
    ) -> list[Prediction]:
        """One prediction an episode; `truncation` names every step without a score.
        Call it from one thread at a time."""
        if isinstance(model, Foreign):
            return model.predict(episodes)
        trunk = model.trunk or self.trunk
        encoded = [
            encode(episode, trunk.tokenizer, model.max_tokens) for episode in episodes
        ]
        return [
            _predict(one, readings, model, locator(episode, trunk.tokenizer))
            for episode, one, readings in zip(
                episodes, encoded, _read(encoded, trunk), strict=True
            )
        ]


def _read(encoded: Sequence[Encoded], trunk: Trunk) -> Iterator[list[Reading]]:
    """The readings of every episode's windows."""
    windows = [(n, part) for n, one in enumerate(encoded) for part in one.windows()]
    readings = trunk.read([Run(part.token_ids) for _, part in windows])
    read = zip((n for n, _ in windows), readings, strict=True)
    for _, rows in groupby(read, key=itemgetter(0)):
        yield [reading for _, reading in rows]


def _predict(
    encoded: Encoded, readings: Sequence[Reading], model: Model, locate: Locate
) -> Prediction:
    states = [
        reading.states[slice(*span)]
        for window, reading in zip(encoded.windows(), readings, strict=True)
        for span in window.spans
        if span
    ]
    cached = len(encoded.token_ids) - sum(reading.computed for reading in readings)
    return replace(predict(states, encoded, model, locate), cached_tokens=cached)


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
    logits = predict_logits(states, encoded, model)
    prediction = _prediction(logits, encoded, model)
    with torch.inference_mode():
        steps = [model.basis.project(part) for part in states]
        length = len(encoded.spans)
        detected = {
            name: social.detect(
                steps, encoded.scored, length, head, model.bars[name], locate
            )
            for name, head in model.heads.items()
            if name in AXES
        }
    return replace(prediction, social=detected)


def predict_logits(
    states: Sequence[Tensor], encoded: Encoded, model: Model
) -> dict[str, Tensor]:
    """What every judge's members say, before calibration: [T, K, C] by name."""
    with torch.inference_mode():
        steps = [model.basis.project(part) for part in states]
        opinions = judges.opinions(model.heads, model.judges, steps, encoded)
        cues = judges.cue_rows(encoded)
        return {
            name: judge.mixer.logits(mixing.inputs(name, opinions, cues))
            for name, judge in model.judges.items()
        }


def held_out(
    encoded: Encoded, model: Model, logits: Mapping[str, Tensor]
) -> Prediction:
    """The prediction that logits [T, C] of judges which never saw the task make."""
    return _prediction(
        {name: part[:, None] for name, part in logits.items()}, encoded, model
    )


def _prediction(
    logits: Mapping[str, Tensor], encoded: Encoded, model: Model
) -> Prediction:
    read = {
        name: torch.softmax(part / model.judges[name].mixer.temperature, -1)
        for name, part in logits.items()
    }
    verdicts = read["verdict"]
    wrong = verdicts[..., 0]
    # step by step: over all at once, the last bit depends on how many there are
    spread = [float(members.std(correction=0)) for members in wrong]
    means = [(row[0], row[1], row[2]) for row in verdicts.mean(1).tolist()]
    value = read["value"][..., 1].mean(1).tolist() if "value" in read else None
    return Prediction(
        q=_spread([1 - row[0] for row in means], encoded),
        q_std=_spread(spread, encoded),
        verdicts=_spread(means, encoded),
        value=_spread(value or [None] * len(means), encoded),
        tokens=len(encoded.token_ids),
        truncation=encoded.truncation,
    )


def _spread(scores: Sequence[T], encoded: Encoded) -> tuple[T | None, ...]:
    """Put the scores of the encoded steps back in their places, None elsewhere."""
    left = iter(scores)
    return tuple(None if span is None else next(left) for span in encoded.spans)
