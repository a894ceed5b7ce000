"""Scores: of episodes in a request, of stored ones, of many in a job."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Self, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet

from scoring import rewards, schema
from webapp import calls
from webapp.models import Episode, Job, Project, RewardModel, RewardSpec, Score
from webapp.models.job import Kind
from webapp.recent import Promise, Superseded
from webapp.services import (
    jobs,
    predictions,
    reward_models,
    reward_specs,
    stored_scores,
    uploads,
)
from webapp.services.answers import Inputs
from webapp.services.predictions import Ask, Begin

T = TypeVar("T")

# what a job asks of the scorer at once: a few seconds' work of a CPU, so that people,
# who come in between, needn't wait longer than that
CHUNK_EPISODES = 4
CHUNK_STEPS = 50


def score(
    project: Project,
    episodes: Sequence[schema.Episode],
    *,
    model: str | RewardModel = "champion",
    spec: str | rewards.Spec | None = None,
    social: Sequence[rewards.Social | None] | None = None,
    ask: Ask | None = None,
) -> list[dict[str, Any]]:
    """One Score an episode, in order; `ask` says how long it waits, by default as long
    as the request's own deadline.

    Raises:
        Invalid: no such model or spec, or none promoted where the spec needs one.
        NotReady, Busy: the scorer is down or has too much to do.
        InvalidInput: a budget in an episode's `meta` is no number.
    """
    if ask is not None:
        scoring = Scoring.of(project, model=model, spec=spec)
        return scoring.begin(episodes, social, lambda *about: partial(ask, *about))()
    if model == "champion":
        try:
            return Scoring.lately(project, spec=spec).begin(episodes, social)()
        except Superseded:
            reward_models.look_again(project)
    return Scoring.of(project, model=model, spec=spec).begin(episodes, social)()


@dataclass(frozen=True, slots=True)
class Scoring:
    """By which model and under which spec: found once, however much is scored by it."""

    rules: rewards.Spec
    model: RewardModel | None
    promise: Promise | None = None

    @classmethod
    def of(
        cls,
        project: Project,
        *,
        model: str | RewardModel = "champion",
        spec: str | rewards.Spec | None = None,
    ) -> Self:
        """Raises: Invalid."""
        rules = _rules(project, spec)
        return cls(rules, _model(project, model, rules))

    @classmethod
    def lately(cls, project: Project, *, spec: str | rewards.Spec | None) -> Self:
        """By who served a moment ago; whether they still do is looked at with the
        question. Raises: Invalid."""
        served = reward_models.served_lately(project)
        if served is None:
            return cls.of(project, spec=spec)
        return cls(_rules(project, spec), *served)

    def begin(
        self,
        episodes: Sequence[schema.Episode],
        social: Sequence[rewards.Social | None] | None = None,
        begin: Begin | None = None,
    ) -> Callable[[], list[dict[str, Any]]]:
        """Ask now, and get the scores from what is returned.

        Raises: NotReady, Busy, Superseded; so does what is returned, and InvalidInput.
        """
        begin = begin or partial(predictions.begin, promise=self.promise)
        said = begin(self.model, episodes)
        # what the rules find in them is found while the scorer is at work
        with calls.current().spending("read"):
            read = [rewards.read(episode, self.rules) for episode in episodes]
        manners = social or [None] * len(episodes)
        named = predictions.describe(self.model)

        def scores() -> list[dict[str, Any]]:
            answers = said()
            with calls.current().spending("combine"):
                return [
                    rewards.score(
                        run, answer, self.rules, social=kind, model=named, reading=found
                    )
                    for run, answer, kind, found in zip(
                        episodes, answers, manners, read, strict=True
                    )
                ]

        return scores


def store(
    episode: Episode,
    *,
    model: str = "champion",
    spec: str | None = None,
    ask: Ask = predictions.ask,
) -> Score:
    """The score of a stored episode with people's answers about it, kept with it.

    Raises: as `score`.
    """
    row = reward_specs.find(spec) if spec else episode.project.spec
    asked = _model(episode.project, model, row.to_spec())
    [stored] = stored_scores.of([episode], model=asked, spec=row, ask=ask)
    return stored


def kept(episode: Episode) -> QuerySet[Score]:
    """The scores of an episode without their steps, newest first."""
    return episode.scores.select_related("reward_model", "spec").defer("body")


def latest(episode: Episode) -> Score | None:
    return episode.scores.select_related("reward_model", "spec").first()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a project's episodes have a score under a spec."""

    scores: int
    episodes: int


def coverage(project: Project, spec: RewardSpec) -> Coverage:
    rows = Score.objects.filter(episode__project=project, spec=spec).order_by()
    scored = rows.aggregate(n=Count("episode", distinct=True))["n"]
    return Coverage(scored, project.episodes.count())


def start(
    project: Project,
    *,
    user: User | None,
    episodes: Sequence[schema.Episode] | None = None,
    social: Sequence[rewards.Social | None] | None = None,
    model: str = "champion",
    spec: str | None = None,
    key: str | None = None,
) -> Job:
    """Queue the scoring of `episodes` into a file, or of every stored episode.
    `social` is what is known of each one's manners.

    Raises:
        Invalid: no such model or spec, or none promoted where the spec needs one.
        Conflict: the key stands for another request.
    """
    row = reward_specs.find(spec) if spec else project.spec
    asked = _model(project, model, row.to_spec())
    data: dict[str, Any] = {"model": asked and asked.pk, "spec": row.sha256}
    if episodes is not None:
        pairs = zip(episodes, social or [None] * len(episodes), strict=True)
        lines = "".join(_written(*pair) for pair in pairs)
        upload = uploads.store(BytesIO(lines.encode()))
        data |= {"upload": upload.sha256, "episodes": len(episodes)}
    return jobs.create(project, kind=Kind.SCORE, user=user, data=data, key=key)


def run(job: Job) -> dict[str, Any]:
    """Do a scoring job; repeating it scores only what isn't scored yet.

    Raises:
        NotReady, Busy: no scorer for a long time; what was scored stays.
        Cancelled: on request.
    """
    spec = RewardSpec.objects.get(sha256=job.input["spec"])
    model = RewardModel.objects.filter(pk=job.input["model"] or 0).first()
    if "upload" in job.input:
        valid = list(_score_file(job, model, spec))
    else:
        valid = list(_score_stored(job, model, spec))
    named = predictions.describe(model)
    return {"scored": len(valid), "valid": sum(valid), "model": named}


def file_of(job: Job) -> Path | None:
    """The scores of a job that scored given episodes, one JSON line each."""
    folder: Path = settings.DATA_DIR / "scores"
    return folder / f"{job.pk}.jsonl" if "upload" in job.input else None


def _score_stored(
    job: Job, model: RewardModel | None, spec: RewardSpec
) -> Iterator[bool]:
    sizes = list(job.project.episodes.order_by("pk").values_list("pk", "step_count"))
    done = 0
    for ids in _chunks(sizes, lambda size: size[1]):
        pks = [pk for pk, _ in ids]
        rows = Episode.objects.filter(pk__in=pks).select_related("project__spec")
        stored = list(rows.prefetch_related("steps"))
        ask = predictions.ask_patiently
        found = stored_scores.of(stored, model=model, spec=spec, ask=ask)
        yield from (row.valid for row in found)
        done += len(ids)
        jobs.report(job, phase="scoring", done=done, total=len(sizes))


def _score_file(
    job: Job, model: RewardModel | None, spec: RewardSpec
) -> Iterator[bool]:
    """Scores into a draft that takes its name when all of them are there."""
    path, rules = file_of(job), spec.to_spec()
    assert path is not None  # noqa: S101 - the job has an upload
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{job.fence}")
    named, done = predictions.describe(model), 0
    with draft.open("w") as out, uploads.find(job.input["upload"]).path.open() as lines:
        for chunk in _chunks(map(_read, lines), lambda pair: len(pair[0].steps)):
            said = predictions.ask_patiently(model, [run for run, _ in chunk])
            for (run, social), prediction in zip(chunk, said, strict=True):
                body = rewards.score(run, prediction, rules, social=social, model=named)
                out.write(json.dumps(body) + "\n")
                yield body["valid"]
            done += len(chunk)
            total = job.input["episodes"]
            jobs.report(job, phase="scoring", done=done, total=total)
    draft.replace(path)


def _written(run: schema.Episode, social: rewards.Social | None) -> str:
    row = {"episode": run.to_dict(), "social": social and asdict(social)}
    return json.dumps(row) + "\n"


def _read(line: str) -> Inputs:
    row = json.loads(line)
    social = row["social"] and rewards.Social(**row["social"])
    return schema.Episode.from_dict(row["episode"]), social


def _chunks(items: Iterable[T], steps: Callable[[T], int]) -> Iterator[list[T]]:
    chunk: list[T] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += steps(item)
        if len(chunk) >= CHUNK_EPISODES or size >= CHUNK_STEPS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _rules(project: Project, spec: str | rewards.Spec | None) -> rewards.Spec:
    if isinstance(spec, rewards.Spec):
        return spec
    return (reward_specs.find(spec) if spec else project.spec).to_spec()


def _model(
    project: Project, model: str | RewardModel, rules: rewards.Spec
) -> RewardModel | None:
    if isinstance(model, RewardModel):
        return model
    if model == "champion":
        champion = reward_models.serving(project)
        if champion is not None or not rules.process.weight:
            return champion
    return reward_models.find(project, model)
