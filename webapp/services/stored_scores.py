"""Scores kept with stored episodes: one for the same model, spec and answers."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from scoring import rewards, schema
from webapp.models import Episode, RewardModel, RewardSpec, Score
from webapp.services import predictions
from webapp.services.answers import Answers
from webapp.services.predictions import Ask


def of(
    episodes: Sequence[Episode],
    *,
    model: RewardModel | None,
    spec: RewardSpec,
    ask: Ask = predictions.ask,
) -> list[Score]:
    """The scores of episodes of one project, people's answers about outcome and manners
    included. What was scored before on the same answers isn't scored again, and of what
    the model has seen before it isn't asked again: a prediction knows of no spec.

    Raises: as `predictions.ask`.
    """
    answers = Answers.of(episodes)
    known = _known(episodes, answers, model, spec)
    missing = [episode for episode in episodes if episode.pk not in known]
    runs = [answers[episode.pk].applied(episode.to_schema()) for episode in missing]
    said = _predictions(missing, runs, model, ask)
    rules, named = spec.to_spec(), predictions.describe(model)
    rows = []
    for episode, run, prediction in zip(missing, runs, said, strict=True):
        given = answers[episode.pk]
        social = given.social(len(run.steps))
        body = rewards.score(run, prediction, rules, social=social, model=named)
        rows.append(_row(episode, model, spec, given.sha256, body))
    # whoever scored the same at the same moment wrote the same
    Score.objects.bulk_create(rows, ignore_conflicts=True)
    known = _known(episodes, answers, model, spec)
    _mark_latest(known, model, spec)
    return [known[episode.pk] for episode in episodes]


def _predictions(
    episodes: Sequence[Episode],
    runs: Sequence[schema.Episode],
    model: RewardModel | None,
    ask: Ask,
) -> Sequence[schema.Prediction | None]:
    before = said(episodes, model)
    fresh = [run for e, run in zip(episodes, runs, strict=True) if e.pk not in before]
    asked = iter(ask(model, fresh))
    return [before[e.pk] if e.pk in before else next(asked) for e in episodes]


def said(
    episodes: Sequence[Episode], model: RewardModel | None
) -> dict[uuid.UUID, schema.Prediction]:
    """What a model said of episodes when they were last scored, under any spec."""
    if model is None:
        return {}
    of_model = Score.objects.filter(episode__in=episodes, reward_model=model)
    newest = of_model.order_by().values("episode").annotate(newest=Max("pk"))
    rows = Score.objects.filter(pk__in=newest.values("newest"))
    return {
        pk: rewards.prediction_of(body)
        for pk, body in rows.order_by().values_list("episode_id", "body")
    }


def _known(
    episodes: Sequence[Episode],
    answers: dict[uuid.UUID, Answers],
    model: RewardModel | None,
    spec: RewardSpec,
) -> dict[uuid.UUID, Score]:
    rows = Score.objects.filter(episode__in=episodes, reward_model=model, spec=spec)
    return {
        row.episode_id: row
        for row in rows.select_related("reward_model", "spec")
        if row.inputs_sha256 == answers[row.episode_id].sha256
    }


def _mark_latest(
    known: dict[uuid.UUID, Score], model: RewardModel | None, spec: RewardSpec
) -> None:
    """An answer taken back makes an earlier score the latest again."""
    now = [row.pk for row in known.values()]
    rows = Score.objects.filter(episode__in=known, reward_model=model, spec=spec)
    rows.filter(is_latest=True).exclude(pk__in=now).update(is_latest=False)
    rows.filter(is_latest=False, pk__in=now).update(is_latest=True)


def _row(
    episode: Episode,
    model: RewardModel | None,
    spec: RewardSpec,
    inputs_sha256: str,
    body: dict[str, Any],
) -> Score:
    families = body["families"]
    return Score(
        episode=episode,
        reward_model=model,
        spec=spec,
        inputs_sha256=inputs_sha256,
        valid=body["valid"],
        total=body["total"],
        gate=body["gate"]["penalty"],
        body=body,
        **{name: families[name]["weighted"] for name in rewards.FAMILIES},
    )
