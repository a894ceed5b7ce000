"""A job: the truth about long work. A queue message only says "look at this row".

A worker claims a job with one conditional UPDATE that gives it a lease and a fencing
token; it writes only while the token is still its own. A worker that dies stops
renewing the lease, the sweeper wakes another, and the dead one's late writes miss.
"""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(seconds=20)


class Kind(models.TextChoices):
    IMPORT = "import", _("import")
    TRAIN = "train", _("training")
    SCORE = "score", _("scoring")
    EXPORT = "export", _("export")
    UNDO = "undo", _("undoing")
    AUDIT = "audit", _("audit")
    EVALUATE = "evaluate", _("evaluation")
    ADOPT = "adopt", _("taking in a checkpoint")
    PACK = "pack", _("transformers folder")


class State(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class JobQuerySet(models.QuerySet["Job"]):
    def claimable(self) -> Self:
        """Queued, or running under a lease its worker no longer renews."""
        lost = Q(state=State.RUNNING, lease_until__lt=Now())
        return self.filter(Q(state=State.QUEUED) | lost)

    def open(self) -> Self:
        return self.filter(state__in=[State.QUEUED, State.RUNNING])


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    # the same key twice is the same job: a retried request starts nothing new
    idempotency_key = models.CharField(max_length=128, default=uuid.uuid4)
    input = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    progress = models.JSONField(default=dict, blank=True)
    cancel_requested = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "idempotency_key"], name="one_job_a_key"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return f"{self.kind} {str(self.id)[:8]}"

    @property
    def name(self) -> str:
        """Of the file it is about; "" where it is about none."""
        return str(self.input.get("filename") or self.input.get("name") or "")

    @property
    def is_open(self) -> bool:
        return self.state in {State.QUEUED, State.RUNNING}

    def claim(self) -> bool:
        """Take the job for this process; False when another has it or it is over."""
        claimed = (
            Job.objects.claimable()
            .filter(pk=self.pk, attempt__lt=F("max_attempts"))
            .update(
                state=State.RUNNING,
                attempt=F("attempt") + 1,
                fence=F("fence") + 1,
                lease_until=timezone.now() + LEASE,
                started_at=models.functions.Coalesce("started_at", Now()),
            )
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def write(self, **fields: Any) -> bool:
        """Update the row if the lease is still ours, renewing it; False if it isn't."""
        fields.setdefault("lease_until", timezone.now() + LEASE)
        mine = Job.objects.filter(pk=self.pk, fence=self.fence, state=State.RUNNING)
        return bool(mine.update(**fields))

    def finish(self, state: str, **fields: Any) -> bool:
        """End the job, unless somebody else has taken it over."""
        return self.write(
            state=state, finished_at=timezone.now(), lease_until=None, **fields
        )
