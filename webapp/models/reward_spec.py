"""A version of a reward spec. Immutable: changing a number makes a new row."""

import json
from functools import lru_cache

from django.conf import settings
from django.db import models

from scoring import rewards


@lru_cache(maxsize=64)
def _spec(sha256: str, body: str) -> "rewards.Spec":
    # rows never change, and checking one takes longer than scoring an episode by it
    return rewards.Spec.from_dict(json.loads(body))


class RewardSpec(models.Model):
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64, unique=True)
    body = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_spec_version")
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def to_spec(self) -> "rewards.Spec":
        return _spec(self.sha256, json.dumps(self.body))
