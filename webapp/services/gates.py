"""What stands in the way of a promotion, and how somebody answers for it all the same.

A reward model may serve only when its audit is there, failed no hard bar, and it isn't
worse than the one it would replace.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from webapp.errors import Blocked
from webapp.models import RewardModel
from webapp.models.evaluation import TEST
from webapp.models.reward_model import ModelState


@dataclass(frozen=True, slots=True)
class Objection:
    """`code` is not-audited, failed-bars or worse; `detail` a sentence for people."""

    code: str
    detail: str


def objections(model: RewardModel) -> list[Objection]:
    found = [_unaudited(model), _failed(model), _worse(model)]
    return [objection for objection in found if objection is not None]


def answered(model: RewardModel, user: User | None, reason: str) -> dict[str, Any]:
    """What is kept on the model's row when it is promoted: nothing where nothing stood
    in the way, else the objections, and who overrode them why.

    Raises:
        Blocked: something stands in the way and no reason was given.
    """
    found = objections(model)
    if not found:
        return {}
    if not reason:
        sentences = " ".join(objection.detail for objection in found)
        raise Blocked(
            f"{sentences} Give a reason to override this, or train another.",
            objections=[asdict(objection) for objection in found],
        )
    return {
        "reason": reason,
        "objections": [asdict(objection) for objection in found],
        "by": user and user.username,
        "at": timezone.now().isoformat(),
    }


def _unaudited(model: RewardModel) -> Objection | None:
    if model.audit.get("checks"):
        return None
    state = "was never audited"
    if model.audit_job is not None and model.audit_job.is_open:
        state = "is being audited just now"
    return Objection("not-audited", f"{model} {state}.")


def _failed(model: RewardModel) -> Objection | None:
    if not model.failed_bars:
        return None
    bars = ", ".join(model.failed_bars)
    return Objection("failed-bars", f"The audit of {model} failed {bars}.")


def _worse(model: RewardModel) -> Objection | None:
    """Worse than the champion on the tasks neither has seen, chance set aside: the 95 %
    interval of the difference of their AUROCs lies below zero."""
    test = model.evaluations.filter(source=TEST).first()
    beside = test.results.get("against") if test else None
    if not beside or not beside.get("interval") or beside["interval"][1] >= 0:
        return None
    rivals = model.project.reward_models.filter(state=ModelState.CHAMPION)
    champion = rivals.filter(sha256=beside["sha256"]).first()
    if champion is None or champion == model:
        return None
    loss = -beside["difference"]
    steps = beside["steps"]
    return Objection(
        "worse",
        f"{model} is worse than {champion}, which serves: its AUROC is {loss:.3f} "
        f"lower on the {steps} steps neither was trained on.",
    )
