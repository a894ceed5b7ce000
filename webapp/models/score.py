"""The reward of a stored episode under one model and one spec. Immutable."""

from django.db import models
from django.db.models import Q


class Score(models.Model):
    episode = models.ForeignKey("Episode", models.CASCADE, related_name="scores")
    # null: no model had a say (a spec without process, or none promoted yet)
    reward_model = models.ForeignKey(
        "RewardModel", models.CASCADE, null=True, related_name="scores"
    )
    spec = models.ForeignKey("RewardSpec", models.PROTECT, related_name="scores")
    # of the labels it drew on: a new outcome or social answer makes a new score
    inputs_sha256 = models.CharField(max_length=64)
    valid = models.BooleanField()
    total = models.FloatField(null=True)
    final = models.FloatField(null=True)
    process = models.FloatField(null=True)
    auxiliary = models.FloatField(null=True)
    social = models.FloatField(null=True)
    gate = models.FloatField(null=True)
    body = models.JSONField()
    # an index over the rows, as LabelEvent's: the one an episode is worth now, under
    # its model and spec; earlier answers left the others
    is_latest = models.BooleanField(default=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "reward_model", "spec", "inputs_sha256"],
                name="one_score_an_input",
            ),
            # NULLs are distinct in a plain constraint
            models.UniqueConstraint(
                fields=["episode", "spec", "inputs_sha256"],
                condition=Q(reward_model__isnull=True),
                name="one_score_without_model",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reward_model", "spec"],
                condition=Q(is_latest=True),
                name="latest_scores",
            )
        ]

    def __str__(self) -> str:
        return f"{self.total}"
