"""A reward model measured on labelled runs: the numbers, and every step behind them."""

from django.db import models

# the source of an evaluation on the unseen tasks of the model's own snapshot
TEST = "test"


class Evaluation(models.Model):
    """`source` is TEST or the name of a file of labelled runs; the same model on the
    same data is one evaluation."""

    reward_model = models.ForeignKey(
        "RewardModel", models.CASCADE, related_name="evaluations"
    )
    source = models.CharField(max_length=120)
    data_sha256 = models.CharField(max_length=64)
    results = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["reward_model", "data_sha256"],
                name="one_evaluation_a_model_and_data",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reward_model} on {self.source}"


class EvaluatedStep(models.Model):
    """What was said of one judged step of a stored run, and what people said."""

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="steps")
    step = models.ForeignKey("Step", models.CASCADE, related_name="evaluated")
    verdict = models.SmallIntegerField()
    predicted = models.SmallIntegerField()
    q = models.FloatField()
    q_std = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "step"], name="one_answer_a_step"
            )
        ]
        indexes = [models.Index(fields=["evaluation", "verdict", "predicted", "q"])]

    def __str__(self) -> str:
        return f"{self.step}: {self.verdict} taken for {self.predicted}"
