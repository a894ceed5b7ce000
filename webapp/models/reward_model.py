"""A trained version: its files on disk are named by their hash, the row says its state.

`candidate` → `champion` → `retired`, and back to champion by a roll-back. `parent` is
the champion it was trained beside, `origin` says where an imported one came from.
"""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ModelState(models.TextChoices):
    CANDIDATE = "candidate", _("candidate")
    CHAMPION = "champion", _("champion")
    RETIRED = "retired", _("retired")


class RewardModel(models.Model):
    project = models.ForeignKey("Project", models.CASCADE, related_name="reward_models")
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=ModelState, default=ModelState.CANDIDATE
    )
    card = models.JSONField(default=dict)
    # the last audit (webapp/services/audits.py), and who promoted it in spite of one
    audit = models.JSONField(default=dict, blank=True)
    override = models.JSONField(default=dict, blank=True)
    audit_job = models.ForeignKey(
        "Job", models.SET_NULL, null=True, blank=True, related_name="audited"
    )
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )
    origin = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="one_model_a_version"
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state=ModelState.CHAMPION),
                name="one_champion_a_project",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.slug}/v{self.version}"

    @property
    def failed_bars(self) -> list[str]:
        """The hard checks of its audit that it failed."""
        return [
            check["id"]
            for check in self.audit.get("checks", ())
            if check["hard"] and check["status"] == "fail"
        ]

    @property
    def directory(self) -> Path:
        return settings.DATA_DIR / "models" / self.sha256
