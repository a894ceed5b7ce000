"""Trainings that are killed, whose disk is full, whose numbers are none."""

import errno
import math
import os
import random
import resource
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from scoring.errors import TrainingDiverged
from scoring.prm import fit
from scoring.prm.card import load_model, save_model
from scoring.prm.descent import descend
from scoring.prm.train import Progress, TrainConfig, Trained, train
from tests.scoring.prm.lives import born, ended
from tests.scoring.prm.stories import examples

CONFIG = TrainConfig(epochs=4, members=2, rank=8)


def quiet(progress: object) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def whole(trunk, tmp_path_factory) -> Trained:
    return train(examples(), trunk, CONFIG, tmp_path_factory.mktemp("whole"), quiet)


KILLS = 20


def test_killed_twenty_times_it_ends_in_the_same_model(trunk, whole, tmp_path):
    """At any instant, mostly in the middle of the work that is left: what one life has
    finished the next finds done."""
    chance, kills, whole_lives = random.Random(7), 0, 0

    def work() -> int:
        again = train(examples(), trunk, CONFIG, tmp_path, quiet)
        return int(again.sha256 != whole.sha256)

    while kills < KILLS or not whole_lives:
        life = born(work)
        if kills < KILLS:
            time.sleep(chance.uniform(0, whole.card["seconds"] / 4))
            os.kill(life, signal.SIGKILL)
        status = ended(life)
        if status == -signal.SIGKILL:
            kills += 1
            continue
        assert status == 0
        assert [path.name for path in (tmp_path / "models").iterdir()] == [whole.sha256]
        assert not any((tmp_path / "checkpoints").iterdir())
        whole_lives += 1
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()


class Enough(Exception):
    pass


def stop(progress: Progress) -> None:
    if progress.phase == "calibration":
        raise Enough


@pytest.fixture(scope="module")
def descended(trunk, tmp_path_factory) -> Path:
    """A training that was killed with every descent done."""
    folder = tmp_path_factory.mktemp("descended")
    with pytest.raises(Enough):
        train(examples(), trunk, CONFIG, folder, stop)
    return folder


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_whatever_part_of_it_is_found_done_the_model_is_the_same(
    share, descended, trunk, whole, tmp_path
):
    """Some descents are gone and some files torn: each that is found, or is done again,
    may be where the next one starts."""
    chance = random.Random(share)
    folder = shutil.copytree(descended, tmp_path / "work")
    for path in sorted((folder / "checkpoints").rglob("*.safetensors")):
        data = path.read_bytes()
        if chance.random() < share:
            path.unlink()
        elif chance.random() < 0.1:
            path.write_bytes(data[: chance.randrange(len(data))])
    assert train(examples(), trunk, CONFIG, folder, quiet).sha256 == whole.sha256


def test_a_full_disk_leaves_no_model_and_what_was_done(trunk, whole, tmp_path):
    """As a process meets it that may write no file of more than a kilobyte."""

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
        try:
            train(examples(), trunk, CONFIG, tmp_path, quiet)
        except (OSError, SafetensorError) as error:
            return errno.EFBIG if "os error 27" in str(error) else 1
        return 0

    assert ended(born(work)) == errno.EFBIG
    assert not list((tmp_path / "models").glob("[0-9a-f]*"))
    # there is room again
    assert train(examples(), trunk, CONFIG, tmp_path, quiet).sha256 == whole.sha256


def poisoned(monkeypatch, place: str, evaluation: int) -> list[str]:
    """From this evaluation on the loss of the descent at `place` is no number. Every
    evaluation's place, in order."""
    seen = list[str]()

    def poison(start, loss, epochs, checkpoint, watch):
        here = f"{checkpoint.parent.parent.name}/{checkpoint.parent.name}"
        here = f"{here}/{checkpoint.stem}"

        def found(parameters):
            seen.append(here)
            sick = here.endswith(place) and seen.count(here) >= evaluation
            return loss(parameters) * (math.nan if sick else 1)

        return descend(start, found, epochs, checkpoint, watch)

    monkeypatch.setattr(fit, "descend", poison)
    return seen


@pytest.mark.parametrize(
    ("place", "evaluation"),
    [
        ("verdict/trunk/query-1", 1),
        ("verdict/trunk/whole", 3),
        ("verdict/words/whole", 2),
        ("value/trunk/whole", 1),
        ("verdict/mixer/member-1", 2),
    ],
)
def test_a_loss_that_is_no_number_ends_it_at_once_and_makes_no_model(
    place, evaluation, trunk, whole, tmp_path, monkeypatch
):
    seen = poisoned(monkeypatch, place, evaluation)
    with pytest.raises(TrainingDiverged, match=place.partition("/")[2]):
        train(examples(), trunk, CONFIG, tmp_path, quiet)
    assert seen[-1] == place
    assert seen.count(place) == evaluation
    assert not (tmp_path / "models").exists()
    kept = list((tmp_path / "checkpoints").rglob("*.safetensors"))
    for path in kept:
        assert all(bool(part.isfinite().all()) for part in load_file(path).values())
    # what was finished is kept, and does no harm
    monkeypatch.undo()
    assert train(examples(), trunk, CONFIG, tmp_path, quiet).sha256 == whole.sha256


def test_a_gradient_that_is_no_number_keeps_nothing(tmp_path):
    """The loss itself is 0 where its slope is not defined."""
    path = tmp_path / "head" / "whole.safetensors"
    with pytest.raises(TrainingDiverged):
        descend(
            {"weight": torch.zeros(3)},
            lambda parameters: parameters["weight"].square().sum().sqrt(),
            4,
            path,
            lambda epoch, loss: None,
        )
    assert not path.exists()


@pytest.mark.parametrize("name", ["basis", "head", "mixer"])
def test_a_model_that_holds_no_number_is_never_written(name, trunk, whole, tmp_path):
    model = load_model(whole.directory, trunk)
    head, judge = model.heads["verdict"], model.judges["verdict"]
    sick = {
        "basis": replace(
            model, basis=replace(model.basis, mean=_sick(model.basis.mean))
        ),
        "head": replace(
            model, heads=model.heads | {"verdict": replace(head, bias=_sick(head.bias))}
        ),
        "mixer": replace(
            model,
            judges=model.judges
            | {
                "verdict": replace(
                    judge, mixer=replace(judge.mixer, out=_sick(judge.mixer.out))
                )
            },
        ),
    }
    with pytest.raises(TrainingDiverged, match="not finite"):
        save_model(sick[name], trunk, {}, tmp_path)
    assert not list(tmp_path.iterdir())


def _sick(tensor: torch.Tensor) -> torch.Tensor:
    sick = tensor.clone()
    sick.view(-1)[-1] = torch.inf
    return sick
