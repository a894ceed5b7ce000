"""Forms check the shape of what a page sends; services decide whether it can be."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from scoring import rewards
from scoring.errors import InvalidInput, InvalidSpec
from scoring.exports import EXPORTS
from scoring.exports.propagation import POLICIES
from scoring.formats import FORMATS
from scoring.rewards import texts
from webapp.models import Project
from webapp.models.label_event import Axis
from webapp.models.token import Scope
from webapp.services import model_exchange, reward_rows, training

ANY = ("", _("any"))


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)


class TokenForm(forms.Form):
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"))
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it?")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=Scope.choices,
        initial=[Scope.READ, Scope.SCORE],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, projects: Any, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["project"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the types
        field.queryset = projects
        field.initial = projects.first()


class ManyFiles(forms.FileField):
    """A file field that takes as many files as were picked; cleans to a list."""

    class Picker(forms.ClearableFileInput):
        allow_multiple_selected = True

    widget = Picker

    def clean(self, data: Any, initial: Any = None) -> Any:
        files: list[UploadedFile[bytes] | None] = list(data) if data else [None]
        return [super(ManyFiles, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    # no clash: what was uploaded is on the instance, this ends up among its fields
    files = ManyFiles(label=_("Files"), allow_empty_file=True)  # type: ignore[assignment]
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[("", _("detect by content")), *((f.name, f.name) for f in FORMATS)],
    )


class EpisodeFilter(forms.Form):
    q = forms.CharField(
        label=_("Text"), required=False, widget=forms.TextInput({"type": "search"})
    )
    success = forms.NullBooleanField(
        label=_("Outcome"),
        required=False,
        widget=forms.Select(
            choices=[ANY, ("true", _("solved")), ("false", _("failed"))]
        ),
    )
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[ANY, *((f.name, f.name) for f in FORMATS)],
    )
    labelled = forms.NullBooleanField(
        label=_("Labels"),
        required=False,
        widget=forms.Select(choices=[ANY, ("true", _("some")), ("false", _("none"))]),
    )
    job = forms.UUIDField(required=False, widget=forms.HiddenInput)


class LabelForm(forms.Form):
    """One judgement. `value` is spelled the same in a button, a key and a request:
    a number, `unsure`, `true`, `false`, a text, or nothing to take it back."""

    event_id = forms.UUIDField(required=False)
    axis = forms.ChoiceField(choices=Axis)
    step_index = forms.IntegerField(required=False, min_value=0, max_value=10**6)
    value = forms.CharField(required=False, max_length=20_000)
    expected = forms.CharField(required=False, max_length=20_000)
    active_ms = forms.IntegerField(required=False, min_value=0, max_value=86_400_000)
    score_visible = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("value", "expected"):
            if name in cleaned:
                cleaned[name] = self._read(cleaned.get("axis", ""), cleaned[name])
        return cleaned

    def _read(self, axis: str, text: str) -> Any:
        if text == "" or axis in {Axis.COMMENT, Axis.BAD_TASK}:
            return text or None
        known = CHOICES.get(axis, {})
        if text not in known:
            self.add_error("value", _("not a value of %(axis)s") % {"axis": axis})
        return known.get(text)


CHOICES: dict[str, dict[str, Any]] = {
    Axis.VERDICT: {"-1": -1, "0": 0, "1": 1, "unsure": "unsure"},
    Axis.OUTCOME: {"-1": -1, "0": 0, "1": 1},
    Axis.PREFERENCE: {"0": 0.0, "0.25": 0.25, "0.5": 0.5, "0.75": 0.75, "1": 1.0},
    Axis.HARM: {"true": True, "false": False},
    Axis.PRIVACY: {"true": True, "false": False},
}


class UndoForm(forms.Form):
    event_id = forms.UUIDField(required=False)


class ScoringForm(forms.Form):
    """What to score by; left alone, the project's spec and the model that serves."""

    def __init__(self, specs: Any, project: Project, data: Any = None) -> None:
        super().__init__(data)
        names = [(str(spec), str(spec)) for spec in specs]
        versions = project.reward_models.values_list("version", flat=True)
        models = [(f"v{version}", f"v{version}") for version in versions]
        self.fields["spec"] = forms.ChoiceField(
            label=_("Spec"), required=False, choices=names, initial=str(project.spec)
        )
        self.fields["model"] = forms.ChoiceField(
            label=_("Model"),
            required=False,
            choices=[("champion", _("the one that serves")), *models],
        )


TIERS = {
    "head": _("heads on the frozen language model"),
    "lora": _("low-rank adapters inside the language model (wants a GPU)"),
    "full": _("the whole language model (wants a GPU)"),
}


class TrainingForm(forms.Form):
    tier = forms.ChoiceField(
        label=_("What is trained"),
        required=False,
        choices=[(tier, TIERS.get(tier, tier)) for tier in training.TIERS],
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text=_("The same labels and seed give the same model."),
    )
    epochs = forms.IntegerField(
        label=_("Epochs"),
        required=False,
        min_value=1,
        max_value=1_000,
        help_text=_("Passes over the labels at most; empty for the usual number."),
    )
    hard_negatives = forms.FloatField(
        label=_("Weight of planted mistakes"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_(
            "From 0 to 1: what a step made wrong on purpose (a thank-you for an "
            "answer, the same call again, another tool, other numbers) counts beside "
            "a person's verdict. Empty for none; try 1 where an audit fails A4 or A6."
        ),
    )


class EvaluationForm(forms.Form):
    file = forms.FileField(
        label=_("Labelled runs"),
        help_text=_(
            "JSON lines with meta.verdicts, PRM800K, Math-Shepherd, ProcessBench or "
            "TRL stepwise."
        ),
    )


class ModelFileForm(forms.Form):
    file = forms.FileField(
        label=_("Model"),
        help_text=_(
            "The zip that another Pacenote's model page gave, as it is or as a "
            "transformers folder; or the zip of somebody else's transformers folder, "
            "safetensors and tokenizer.json side by side."
        ),
    )
    reading = forms.ChoiceField(
        label=_("How its steps are read"),
        required=False,
        choices=[("", _("A model of Pacenote's")), *model_exchange.READINGS.items()],
    )
    separator = forms.CharField(
        label=_("Separator after each step"),
        required=False,
        strip=False,
        help_text=_(
            "Of somebody else's only. Empty for the usual one of that kind; \\n is a "
            "line break, \\t a tab."
        ),
    )

    def clean_separator(self) -> str:
        try:
            return model_exchange.typed_separator(self.cleaned_data["separator"])
        except InvalidInput as error:
            raise forms.ValidationError(error.detail) from error

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("separator") and not given.get("reading"):
            told = _("A model of Pacenote's has none: say how its steps are read.")
            self.add_error("separator", told)
        return given


class SpecEdits(forms.Form):
    """Other weights and another eta for a spec; what is left out stays."""

    POINTERS = {
        "final": "/components/final/weight",
        "process": "/components/process/weight",
        "auxiliary": "/components/auxiliary/weight",
        "social": "/components/social/weight",
        "eta": "/components/process/eta",
    }

    final = forms.FloatField(required=False, min_value=0, max_value=1)
    process = forms.FloatField(required=False, min_value=0, max_value=1)
    auxiliary = forms.FloatField(required=False, min_value=0, max_value=1)
    social = forms.FloatField(required=False, min_value=0, max_value=1)
    eta = forms.FloatField(required=False, min_value=0.01, max_value=1)

    def applied(self, spec: rewards.Spec) -> rewards.Spec:
        """The spec with the values that were given; a form that isn't valid changes
        nothing."""
        given = self.cleaned_data if self.is_valid() else {}
        values = {self.POINTERS[name]: v for name, v in given.items() if v is not None}
        return rewards.edited(spec, values)


class RewardedFilter(forms.Form):
    """Which scores of a dashboard's; hidden fields come from its links."""

    ONLY = {
        "failed": reward_rows.FAILED,
        "solved": reward_rows.SOLVED,
        "gated": Q(gate__lt=0),
        "abstained": Q(valid=False),
    }

    only = forms.ChoiceField(
        label=_("Only"),
        required=False,
        choices=[
            ANY,
            ("failed", _("failed")),
            ("solved", _("solved")),
            ("gated", _("charged by the gate")),
            ("abstained", _("without a total")),
        ],
    )
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("-total", _("best total first")),
            ("total", _("worst total first")),
            ("process", _("worst process first")),
            ("auxiliary", _("dearest first")),
        ],
    )
    column = forms.CharField(required=False, widget=forms.HiddenInput)
    bin = forms.IntegerField(required=False, widget=forms.HiddenInput)
    agent = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)
    policy = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)


class FlipForm(forms.Form):
    """Another q for one step; steps are counted from 1, as they are shown."""

    step = forms.IntegerField(label=_("Step"), required=False, min_value=1)
    q = forms.ChoiceField(
        label=_("counts as"),
        required=False,
        choices=[
            ("", _("as judged")),
            ("0", _("✕ wrong (q = 0)")),
            ("0.25", _("dubious (q = 0.25)")),
            ("1", _("✓ right (q = 1)")),
        ],
    )


class SpecForm(forms.Form):
    """The text of a spec; `spec` is what it says."""

    text = forms.CharField(
        label=_("The spec, as YAML or JSON"),
        max_length=texts.MAX_CHARACTERS,
        strip=False,
        widget=forms.Textarea({"rows": 34, "spellcheck": "false", "class": "code"}),
    )
    spec: rewards.Spec | None = None

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            self.spec = texts.read(text)
        except InvalidSpec as error:
            where = error.pointer or (error.line and f"line {error.line}")
            raise forms.ValidationError(
                f"{where}: {error.detail}" if where else error.detail
            ) from error
        return text


POLICY_LABELS = {
    "stop": _("later steps are left out"),
    "all_later": _("later steps count as wrong"),
}


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Format"), choices=[(name, name) for name in EXPORTS]
    )
    policy = forms.ChoiceField(
        label=_("After a wrong step"),
        choices=[(name, POLICY_LABELS.get(name, name)) for name in POLICIES],
        help_text=_("Only in the file; the labels stay as they are."),
    )
