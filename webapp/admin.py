"""The admin: every table readable, and written only where a person has the say.

What is append-only, immutable or owned by a worker is shown and never edited; lists
read no long texts and count nothing they needn't.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from webapp import models
from webapp.forms import CHOICES
from webapp.models.label_event import Axis
from webapp.templatetags.pacenote import VERDICTS

admin.site.unregister(User)
admin.site.unregister(Group)


class Rows(ModelAdmin):
    """A list that stays fast when its table is large: no second count of all rows, no
    bodies, one query for the names beside each row."""

    show_full_result_count = False
    list_per_page = 50
    # fields with long contents, left out of the list's query
    heavy: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        in_list = request.resolver_match and "changelist" in str(
            request.resolver_match.url_name
        )
        return rows.defer(*self.heavy) if in_list else rows


class ReadOnly(Rows):
    """Rows nobody edits here: facts, or what a worker is writing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


@admin.register(User)
class People(UserAdmin, Rows):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class Groups(GroupAdmin, Rows):
    pass


class Members(TabularInline):
    model = models.Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(models.Project)
class Projects(Rows):
    list_display = (
        "name",
        "slug",
        "spec",
        "guideline_version",
        "is_demo",
        "created_at",
    )
    list_select_related = ("spec",)
    search_fields = ("name", "slug")
    heavy = ("guideline",)
    readonly_fields = ("guideline_version",)
    inlines = (Members,)

    def save_model(
        self, request: HttpRequest, obj: models.Project, form: Any, change: bool
    ) -> None:
        """An edited guideline is another version: labels say which they followed. What
        a browser does to the ends of lines is no edit."""
        if change and obj.guideline.split() != form.initial["guideline"].split():
            obj.guideline_version += 1
        super().save_model(request, obj, form, change)


@admin.register(models.Membership)
class Memberships(Rows):
    list_display = ("user", "project", "role")
    list_filter = ("role", "project")
    list_select_related = ("user", "project")
    search_fields = ("user__username", "project__name")
    autocomplete_fields = ("user", "project")


@admin.register(models.Episode)
class Episodes(ReadOnly):
    list_display = (
        *("__str__", "project", "agent", "source_format", "step_count", "success"),
        "created_at",
    )
    list_filter = ("project", "success", "ended", "source_format")
    list_select_related = ("project",)
    search_fields = ("external_id", "task")
    heavy = ("system", "answer", "reference", "meta")


@admin.register(models.Step)
class Steps(ReadOnly):
    list_display = ("episode", "index", "kind", "agent")
    list_filter = ("kind",)
    list_select_related = ("episode",)
    search_fields = ("episode__external_id",)
    heavy = ("observation", "thought", "text", "calls")
    ordering = ("pk",)


class ByVerdict(admin.SimpleListFilter):
    """A JSON value can't be filtered by its spelling in a URL."""

    title = _("verdict")
    parameter_name = "value"

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[str, str]]:
        return [(key, label) for key, label in VERDICTS.items() if key]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        choices = CHOICES[Axis.VERDICT]
        asked = self.value() or ""
        if asked not in choices:
            return queryset
        return queryset.filter(axis=Axis.VERDICT, value=choices[asked])


@admin.register(models.LabelEvent)
class LabelEvents(ReadOnly):
    list_display = (
        *("created_at", "user", "axis", "value", "previous", "provenance", "episode"),
        "step",
    )
    list_filter = (ByVerdict, "axis", "provenance", "is_latest", "project")
    list_select_related = ("user", "episode", "step")
    search_fields = ("user__username", "episode__external_id")
    ordering = ("-created_at",)


@admin.register(models.Job)
class Jobs(ReadOnly):
    list_display = (
        *("__str__", "project", "state", "attempt", "created_by", "created_at"),
        "finished_at",
    )
    list_filter = ("kind", "state", "project")
    list_select_related = ("project", "created_by")
    search_fields = ("error", "idempotency_key")
    heavy = ("input", "result", "progress")


@admin.register(models.Snapshot)
class Snapshots(ReadOnly):
    list_display = ("__str__", "project", "counts", "created_by", "created_at")
    list_filter = ("project",)
    list_select_related = ("project", "created_by")
    search_fields = ("sha256",)
    heavy = ("event_ids", "splits")


@admin.register(models.TrainingRun)
class TrainingRuns(ReadOnly):
    list_display = ("__str__", "project", "state", "reward_model", "created_at")
    list_filter = ("project", "job__state")
    list_select_related = ("project", "job", "reward_model__project")
    search_fields = ("snapshot__sha256",)
    heavy = ("curve",)

    @admin.display(ordering="job__state")
    def state(self, run: models.TrainingRun) -> str:
        return run.job.get_state_display()


@admin.register(models.RewardModel)
class RewardModels(ReadOnly):
    list_display = ("__str__", "state", "sha256", "created_at", "promoted_at")
    list_filter = ("state", "project")
    list_select_related = ("project",)
    search_fields = ("sha256",)
    heavy = ("card", "audit")


@admin.register(models.RewardSpec)
class RewardSpecs(ReadOnly):
    list_display = ("__str__", "sha256", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "sha256")
    heavy = ("body",)


@admin.register(models.Evaluation)
class Evaluations(ReadOnly):
    list_display = ("reward_model", "source", "created_at")
    list_filter = ("reward_model__project",)
    list_select_related = ("reward_model__project",)
    search_fields = ("source",)
    heavy = ("results",)


@admin.register(models.EvaluatedStep)
class EvaluatedSteps(ReadOnly):
    list_display = ("evaluation", "step", "verdict", "predicted", "q")
    list_filter = ("verdict", "predicted")
    list_select_related = ("evaluation__reward_model__project", "step")
    search_fields = ("step__episode__external_id",)
    ordering = ("pk",)


@admin.register(models.Image)
class Images(ReadOnly):
    list_display = ("sha256", "episode", "media_type", "size")
    list_filter = ("media_type",)
    list_select_related = ("episode",)
    search_fields = ("sha256", "episode__external_id")
    ordering = ("pk",)


@admin.register(models.ScoringSession)
class ScoringSessions(ReadOnly):
    list_display = ("id", "project", "is_over", "size", "created_by", "expires_at")
    list_filter = ("project", "is_over")
    list_select_related = ("project", "created_by")
    search_fields = ("created_by__username",)
    heavy = ("episode",)


@admin.register(models.SessionStep)
class SessionSteps(ReadOnly):
    list_display = ("session", "index")
    list_select_related = ("session",)
    search_fields = ("session__created_by__username",)
    heavy = ("body",)
    ordering = ("pk",)


@admin.register(models.Score)
class Scores(ReadOnly):
    list_display = (
        *("episode", "total", "final", "process", "auxiliary", "social", "gate"),
        *("valid", "reward_model", "spec", "created_at"),
    )
    list_filter = ("valid", "spec", "episode__project")
    list_select_related = ("episode", "reward_model__project", "spec")
    search_fields = ("episode__external_id",)
    heavy = ("body",)


@admin.register(models.ApiToken)
class ApiTokens(ReadOnly):
    """Made and revoked on their owner's account page; deleted here in an emergency."""

    list_display = (
        *("__str__", "user", "project", "scopes", "last_used_at", "expires_at"),
        "revoked_at",
    )
    list_filter = ("project", "revoked_at")
    list_select_related = ("user", "project")
    search_fields = ("name", "user__username", "hint")
    exclude = ("digest",)

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return bool(admin.ModelAdmin.has_delete_permission(self, request, obj))
