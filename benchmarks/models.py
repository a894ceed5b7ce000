"""Reward models to measure with: of random heads, as fast as trained ones, and one
trained on the arena, for what only sensible scores can tell."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring.prm.backbone import Trunk
    from scoring.prm.card import Model

RANK, MEMBERS = 64, 5


def write(data: Path, *seeds: int) -> list[str]:
    """A model of random heads for each seed into `data/models`; their hashes."""
    from scoring.prm import backbone
    from scoring.prm.card import save_model

    trunk = backbone.load(None, data)
    (data / "models").mkdir(exist_ok=True)
    root = data / "models"
    return [save_model(random(trunk, seed), trunk, {}, root)[1] for seed in seeds]


def trained(trunk: "Trunk", data: Path, episodes: int = 60) -> Path:
    """The folder of a model trained on so many runs of the arena, made where missing;
    `python -m benchmarks.heads arena` keeps its features in the same place."""
    from benchmarks.heads import sample
    from scoring.prm.examples import split
    from scoring.prm.train import Example, TrainConfig, train

    rows = sample("arena", episodes)
    splits = split((episode.group() for episode, *_ in rows), 0)
    examples = [
        Example(episode, verdicts, success, splits[episode.group()])
        for episode, verdicts, success in rows
    ]
    config = TrainConfig()
    return train(examples, trunk, config, data / "benchmarks", lambda _: None).directory


def random(trunk: "Trunk", seed: int = 0) -> "Model":
    """A verdict and a value head of the usual sizes, with a judge each."""
    import torch

    from scoring.prm.card import Model
    from scoring.prm.heads import CLASSES, Head
    from scoring.prm.mixing import HEARS, HIDDEN, Judge, Mixer, Words, width
    from scoring.prm.readout import VIEWS, Basis
    from scoring.prm.words import BUCKETS

    torch.manual_seed(seed)
    rank = min(RANK, trunk.width)
    projection, _ = torch.linalg.qr(torch.randn(trunk.width, rank))
    heads, judges = {}, {}
    for name in HEARS:
        classes, inputs = len(CLASSES[name]), width(name)
        heads[name] = Head(
            query=torch.randn(rank),
            weight=torch.randn(MEMBERS, VIEWS * rank, classes) / 100,
            bias=torch.zeros(MEMBERS, classes),
            temperature=torch.ones(1),
        )
        judges[name] = Judge(
            Words(
                torch.ones(BUCKETS),
                torch.randn(BUCKETS, classes) / 100,
                torch.zeros(classes),
            ),
            Mixer(
                centre=torch.zeros(inputs),
                scale=torch.ones(inputs),
                hidden=torch.randn(MEMBERS, inputs, HIDDEN) / 10,
                shift=torch.zeros(MEMBERS, HIDDEN),
                out=torch.randn(MEMBERS, HIDDEN, classes) / 10,
                straight=torch.zeros(MEMBERS, inputs, classes),
                bias=torch.zeros(MEMBERS, classes),
                temperature=torch.ones(1),
            ),
        )
    basis = Basis(torch.zeros(trunk.width), projection.contiguous())
    return Model(basis, heads, trunk.context, judges)
