"""One training: a snapshot, a configuration, the curve so far, the model it made."""

from django.db import models


class TrainingRun(models.Model):
    job = models.OneToOneField("Job", models.CASCADE, related_name="training_run")
    project = models.ForeignKey("Project", models.CASCADE, related_name="training_runs")
    snapshot = models.ForeignKey("Snapshot", models.PROTECT, related_name="runs")
    config = models.JSONField(default=dict)
    # [[epoch, training loss, validation loss or null], …]
    curve = models.JSONField(default=list)
    # head -> the losses of each of its descents, epoch by epoch
    descents = models.JSONField(default=dict)
    reward_model = models.OneToOneField(
        "RewardModel", models.SET_NULL, null=True, blank=True, related_name="run"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"training {self.pk}"
