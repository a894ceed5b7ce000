"""A growing episode: what an agent in the middle of its run sends step by step.

Which model and which spec score it is fixed when it is opened, so that no episode is
scored by two.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ScoringSession(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("Project", models.CASCADE, related_name="sessions")
    reward_model = models.ForeignKey("RewardModel", models.CASCADE, null=True)
    spec = models.ForeignKey("RewardSpec", models.PROTECT)
    # the episode without its steps
    episode = models.JSONField()
    # an episode whose outcome is known grows no more
    is_over = models.BooleanField(default=False)
    # bytes of all steps
    size = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("scoring session")

    def __str__(self) -> str:
        return f"session {str(self.id)[:8]}"

    def whole(self) -> dict[str, Any]:
        """The episode as it stands, as `pacenote/episode@1`."""
        return {
            **self.episode,
            "steps": list(self.steps.values_list("body", flat=True)),
        }


class SessionStep(models.Model):
    session = models.ForeignKey(ScoringSession, models.CASCADE, related_name="steps")
    index = models.PositiveIntegerField()
    body = models.JSONField()

    class Meta:
        ordering = ["index"]
        constraints = [
            # a step sent twice is one step
            models.UniqueConstraint(
                fields=["session", "index"], name="one_step_an_index"
            )
        ]

    def __str__(self) -> str:
        return f"step {self.index}"
