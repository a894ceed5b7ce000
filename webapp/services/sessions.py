"""Growing episodes: opened, added to step by step, scored as if sent whole."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from scoring import schema
from scoring.errors import InvalidInput
from webapp.errors import Conflict, TooLarge
from webapp.models import Project, ScoringSession, SessionStep
from webapp.services import reward_specs
from webapp.services.scores import Scoring

# what stands in for the steps of an episode that has none yet, to check the rest
_PLACEHOLDER = {"text": "-"}


def start(
    project: Project,
    *,
    user: User | None,
    episode: Mapping[str, Any],
    model: str = "champion",
    spec: str | None = None,
) -> ScoringSession:
    """A session for an episode without its steps; the model and spec that score it
    from its first step to its last.

    Raises:
        InvalidInput: with the pointer of what doesn't fit.
        Invalid: no such model or spec, or none promoted where the spec needs one.
    """
    whole = schema.Episode.from_dict({**episode, "steps": [_PLACEHOLDER]}).to_dict()
    row = reward_specs.find(spec) if spec else project.spec
    scoring = Scoring.of(project, model=model, spec=row.to_spec())
    del whole["steps"]
    return ScoringSession.objects.create(
        project=project,
        reward_model=scoring.model,
        spec=row,
        episode=whole,
        created_by=user,
        expires_at=_expiry(),
    )


def append(
    session: ScoringSession,
    step: Any,
    *,
    index: int | None = None,
    ending: Mapping[str, Any] | None = None,
) -> int:
    """Add a step, by default the next; its index. The same step again changes nothing.
    `ending` has the outcome, and how the episode ended; after it comes no step.

    Raises:
        InvalidInput: with a pointer; the step doesn't fit.
        Conflict: another step stands there, or steps before it are missing, or the
            episode is over. `next` is the index that would be taken.
        TooLarge: the steps together have become too many.
    """
    following = session.steps.count()
    index = following if index is None else index
    body = _checked(step, index)
    if index > following:
        raise Conflict(f"the next step is {following}", next=following)
    if index == following:
        _add(session, index, body)
    elif session.steps.get(index=index).body != body:
        raise Conflict(f"step {index} is another one", next=following)
    if ending:
        _end(session, index, ending)
    return index


def score(session: ScoringSession) -> dict[str, Any] | None:
    """The Score of the episode as it stands, the same as of the episode sent whole;
    None before its first step.

    Raises: NotReady, Busy, Invalid, InvalidInput.
    """
    whole = session.whole()
    if not whole["steps"]:
        return None
    scoring = Scoring(session.spec.to_spec(), session.reward_model)
    [found] = scoring.begin([schema.Episode.from_dict(whole)])()
    return found


def sweep() -> None:
    """Forget sessions nobody has added to for a long time."""
    ScoringSession.objects.filter(expires_at__lt=timezone.now()).delete()


def _add(session: ScoringSession, index: int, body: dict[str, Any]) -> None:
    size = len(json.dumps(body))
    if session.size + size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLarge("the steps of this session are too large together")
    try:
        with transaction.atomic():
            # in one statement with the condition: somebody may have ended it meanwhile
            open_rows = ScoringSession.objects.filter(pk=session.pk, is_over=False)
            if not open_rows.update(size=F("size") + size, expires_at=_expiry()):
                raise Conflict("this episode is over", next=index)
            SessionStep.objects.create(session=session, index=index, body=body)
    except IntegrityError:
        if session.steps.get(index=index).body != body:
            raise Conflict(f"step {index} is another one", next=index + 1) from None


def _end(session: ScoringSession, index: int, ending: Mapping[str, Any]) -> None:
    session.refresh_from_db()
    draft = {**session.episode, **ending, "steps": [_PLACEHOLDER]}
    whole = schema.Episode.from_dict(draft).to_dict()
    del whole["steps"]
    if session.is_over and whole != session.episode:
        raise Conflict("this episode ended otherwise", next=index + 1)
    if index + 1 != session.steps.count():
        raise Conflict("an episode ends with its last step", next=index + 1)
    session.episode, session.is_over = whole, True
    session.save(update_fields=["episode", "is_over"])


def _checked(step: Any, index: int) -> dict[str, Any]:
    if index >= schema.MAX_STEPS:
        raise TooLarge(f"an episode has at most {schema.MAX_STEPS} steps")
    try:
        return schema.Step.from_dict(step, index).to_dict()
    except InvalidInput as error:
        place = (error.pointer or "").removeprefix(f"/steps/{index}")
        error.pointer = f"/step{place}"
        raise


def _expiry() -> Any:
    return timezone.now() + timedelta(hours=settings.SESSION_HOURS)
