"""Which scores a question about a project's rewards is about: by one spec and one
model, the newest of each episode, and the part of them behind a number."""

from dataclasses import dataclass
from math import ceil

from django.db.models import Count, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Floor, Greatest, Least

from scoring import rewards
from webapp.models import Project, RewardModel, RewardSpec, Score
from webapp.services import kept, reward_models, reward_specs

BINS = 20


@dataclass(frozen=True, slots=True)
class By:
    """What the scores are from; `model` is None where no model had a say."""

    spec: RewardSpec
    model: RewardModel | None


@dataclass(frozen=True, slots=True)
class Span:
    """Where a column of scores can lie, cut into BINS of equal width."""

    low: float
    high: float

    def edge(self, index: int) -> float:
        return self.low + (self.high - self.low) * index / BINS

    def bin(self, column: str) -> Least:
        """The index of the bin a row's column is in; the last one holds its end."""
        scale = BINS / (self.high - self.low)
        place = (F(column) - Value(self.low)) * Value(scale)
        # values a rounding error outside still belong to the bins at the ends
        inside = Greatest(Floor(place), 0.0, output_field=FloatField())
        return Least(inside, float(BINS - 1), output_field=FloatField())


def found(project: Project) -> dict[tuple[int, int | None], int]:
    """How many scores this project has by each pair of spec and model (their keys); a
    minute old at most where they are many."""
    return kept.for_a_minute(
        f"reward-rows/{project.pk}",
        lambda: _counted(project),
        lambda pairs: sum(pairs.values()),
    )


def _counted(project: Project) -> dict[tuple[int, int | None], int]:
    rows = Score.objects.filter(episode__project=project).order_by()
    pairs = rows.values_list("spec", "reward_model").annotate(n=Count("pk"))
    return {(spec, model): n for spec, model, n in pairs}


def usual(project: Project) -> By:
    """The project's spec and champion; where nothing was scored by them, whatever most
    scores are by."""
    spec, champion = project.spec, reward_models.champion(project)
    known = found(project)
    own = (spec.pk, champion and champion.pk)
    if not known or own in known:
        return By(spec, champion)
    spec_id, model_id = max(known, key=lambda pair: known[pair])
    model = project.reward_models.filter(pk=model_id or 0).first()
    return By(RewardSpec.objects.get(pk=spec_id), model)


def named(project: Project, spec: str = "", model: str = "") -> By:
    """By names; without any what is usual. A model called `none` is no model.

    Raises:
        Invalid: no such spec or model.
    """
    if not spec and not model:
        return usual(project)
    row = reward_specs.find(spec) if spec else project.spec
    if model == "none":
        return By(row, None)
    asked = reward_models.find(project, model) if model else None
    return By(row, asked or reward_models.champion(project))


def of(project: Project, by: By) -> QuerySet[Score]:
    """The latest score of each episode, without the steps, in no order."""
    rows = Score.objects.filter(is_latest=True, spec=by.spec, reward_model=by.model)
    if by.model is None:
        # a model is of one project, but no model is of every one
        rows = rows.filter(episode__project=project)
    return rows.order_by().defer("body")


def spans(spec: rewards.Spec) -> dict[str, Span]:
    """The columns that can move under a spec, and where they can lie."""
    final, process, auxiliary, social = spec.weights
    margin = spec.margin()
    low, high = min(margin.unsafe[0], margin.safe[0]), margin.safe[1]
    bounds = {
        "final": (-final, final),
        "process": (-process, 0.0),
        "auxiliary": (-auxiliary, 0.0),
        "social": (-social, social),
        # cut where a tenth ends: 0 and the gate's charge are then told apart
        "total": (-ceil(-low * 10) / 10, ceil(high * 10) / 10),
    }
    return {name: Span(*ends) for name, ends in bounds.items() if ends[0] < ends[1]}


def in_bin(
    rows: QuerySet[Score], column: str, index: int, span: Span
) -> QuerySet[Score]:
    """The rows behind one bar of a histogram."""
    known = rows.filter(**{f"{column}__isnull": False})
    return known.annotate(bin=span.bin(column)).filter(bin=index)


FAILED = Q(final__lt=0)
SOLVED = Q(final__gt=0)
