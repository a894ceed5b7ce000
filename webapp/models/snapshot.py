"""A training set, fixed: which label events, split how, under which hash."""

from django.conf import settings
from django.db import models


class Snapshot(models.Model):
    project = models.ForeignKey("Project", models.CASCADE, related_name="snapshots")
    # over the sorted canonical lines of its events and the split
    sha256 = models.CharField(max_length=64)
    event_ids = models.JSONField()
    # episode id -> train | calibration | test; one task never straddles two
    splits = models.JSONField()
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"], name="one_snapshot_a_content"
            )
        ]

    def __str__(self) -> str:
        return f"snapshot {self.sha256[:8]}"
