"""A project: one team's episodes, guideline, models; and who may do what in it."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Project(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    guideline = models.TextField(blank=True)
    # raised with each edit of the guideline; every label carries the one it was made by
    guideline_version = models.PositiveIntegerField(default=1)
    gamma = models.FloatField(
        default=1.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    spec = models.ForeignKey("RewardSpec", on_delete=models.PROTECT, related_name="+")
    # why the spec is used though it loses a promise: reason, lost, by, at
    spec_override = models.JSONField(default=dict, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Each role may do all the ones before it may."""

    ANNOTATOR = "annotator", _("annotator")
    REVIEWER = "reviewer", _("reviewer")
    ENGINEER = "engineer", _("engineer")
    OWNER = "owner", _("owner")


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=Role, default=Role.ANNOTATOR)

    class Meta:
        ordering = ["project", "user"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"

    def may(self, role: str) -> bool:
        order = list(Role.values)
        return order.index(self.role) >= order.index(role)
