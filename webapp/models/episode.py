"""An imported run and its steps. Never edited: a changed file is another episode."""

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from scoring import schema


class Ended(models.TextChoices):
    TERMINATED = "terminated", _("terminated")
    TRUNCATED = "truncated", _("truncated")


class Episode(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", models.CASCADE, related_name="episodes")
    import_job = models.ForeignKey(
        "Job", models.SET_NULL, null=True, blank=True, related_name="episodes"
    )
    content_hash = models.CharField(max_length=64)
    # hash of the normalised task: runs of one task are one group, split together
    group = models.CharField(max_length=64, db_index=True)
    external_id = models.TextField(blank=True)
    source_format = models.CharField(max_length=40)
    task = models.TextField()
    system = models.TextField(blank=True)
    agent = models.TextField(blank=True)
    model = models.TextField(blank=True)
    success = models.BooleanField(null=True, blank=True)
    outcome_score = models.FloatField(null=True, blank=True)
    answer = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: none given
    reference = models.TextField(null=True, blank=True)  # noqa: DJ001
    ended = models.CharField(max_length=10, choices=Ended, default=Ended.TERMINATED)
    meta = models.JSONField(default=dict, blank=True)
    step_count = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "content_hash"], name="one_episode_a_content"
            )
        ]
        indexes = [models.Index(fields=["project", "-created_at"])]

    def __str__(self) -> str:
        if self.external_id or len(self.task) <= 60:
            return self.external_id or self.task
        return f"{self.task[:59]}…"

    def to_schema(self) -> schema.Episode:
        """The run as the library knows it; reads the steps in one query."""
        return schema.Episode.from_dict(
            {
                "id": self.external_id or str(self.id),
                "task": self.task,
                "system": self.system,
                "agent": self.agent,
                "model": self.model,
                "steps": [step.body() for step in self.steps.all()],
                "outcome": {
                    "success": self.success,
                    "score": self.outcome_score,
                    "answer": self.answer,
                    "reference": self.reference,
                },
                "ended": self.ended,
                "gamma": self.project.gamma,
                "meta": self.meta,
            }
        )


class Step(models.Model):
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="steps")
    index = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    agent = models.TextField(blank=True)
    kind = models.CharField(max_length=12)
    observation = models.TextField(blank=True)
    thought = models.TextField(blank=True)
    text = models.TextField(blank=True)
    calls = models.JSONField(default=list, blank=True)
    reward = models.FloatField(null=True, blank=True)
    tokens = models.JSONField(null=True, blank=True)
    cost = models.FloatField(null=True, blank=True)
    started_at = models.TextField(null=True, blank=True)  # noqa: DJ001 - as given
    ended_at = models.TextField(null=True, blank=True)  # noqa: DJ001
    error = models.TextField(null=True, blank=True)  # noqa: DJ001
    raw_ref = models.TextField(null=True, blank=True)  # noqa: DJ001

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "index"], name="one_step_a_place"
            )
        ]

    def __str__(self) -> str:
        return f"step {self.index}"

    def body(self) -> dict[str, Any]:
        """The fields of `pacenote/episode@1`'s step."""
        return {name: getattr(self, name) for name in STEP_FIELDS}


STEP_FIELDS = (
    *("index", "agent", "kind", "observation", "thought", "text", "calls", "reward"),
    *("tokens", "cost", "started_at", "ended_at", "error", "raw_ref"),
)
