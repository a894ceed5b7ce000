"""What people (and programs) judged: an append-only log, one row a decision.

The facts of a row never change. `is_latest` is an index over them, moved to the newest
event of the same judge, place and axis in the transaction that appends it, and guarded
by a constraint; the current state, undo and history are all read from this one table.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Axis(models.TextChoices):
    """What is being judged. A null value takes the judgement back."""

    VERDICT = "verdict", _("verdict")  # a step: -1, 0, 1 or "unsure"
    OUTCOME = "outcome", _("outcome")  # an episode: -1 failed, 0 partly, 1 solved
    PREFERENCE = "preference", _("manners")  # an episode: 0 worst … 1 best
    HARM = "harm", _("harm")  # an episode: true or false
    PRIVACY = "privacy", _("privacy")  # an episode: true where private data got out
    BAD_TASK = "bad_task", _("bad task")  # an episode: the reason, as text
    COMMENT = "comment", _("comment")  # an episode or a step: text


class Provenance(models.TextChoices):
    HUMAN = "human", _("human")
    JUDGE = "judge", _("judge")
    ROLLOUT = "rollout", _("rollout")
    IMPORTED = "imported", _("imported")
    ADJUDICATED = "adjudicated", _("adjudicated")


class LabelEvent(models.Model):
    # made by the client, so that a write sent twice is one event
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sequence = models.PositiveBigIntegerField(editable=False)
    project = models.ForeignKey("Project", models.CASCADE, related_name="label_events")
    episode = models.ForeignKey("Episode", models.CASCADE, related_name="label_events")
    step = models.ForeignKey(
        "Step", models.CASCADE, null=True, blank=True, related_name="label_events"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    axis = models.CharField(max_length=12, choices=Axis)
    value = models.JSONField(null=True, blank=True)
    previous = models.JSONField(null=True, blank=True)
    provenance = models.CharField(
        max_length=12, choices=Provenance, default=Provenance.HUMAN
    )
    guideline_version = models.PositiveIntegerField()
    active_ms = models.PositiveIntegerField(null=True, blank=True)
    score_visible = models.BooleanField(default=False)
    # the event this one takes back, when it is an undo
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    is_latest = models.BooleanField(default=True, editable=False)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "sequence"], name="one_event_a_sequence"
            ),
            models.UniqueConstraint(
                fields=["user", "step", "axis"],
                condition=Q(is_latest=True, step__isnull=False),
                name="one_latest_a_step",
            ),
            models.UniqueConstraint(
                fields=["user", "episode", "axis"],
                condition=Q(is_latest=True, step__isnull=True),
                name="one_latest_an_episode",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "axis", "is_latest"]),
            models.Index(fields=["project", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.axis} {self.value}"
