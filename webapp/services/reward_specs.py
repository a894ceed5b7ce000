"""Reward specs as rows: one a content, found by name or by hash."""

import re
from dataclasses import replace

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from scoring import rewards
from scoring.errors import InvalidSpec
from webapp.errors import Conflict, Invalid
from webapp.models import Project, RewardSpec

# no database is asked for anything else (PostgreSQL can't even be asked for NUL)
_NAME = re.compile(r"[\w./-]{1,120}(@[0-9.]{1,20})?", re.ASCII)


def store(spec: rewards.Spec, *, user: User | None = None) -> RewardSpec:
    """The row of a spec, made on first use.

    Raises:
        Conflict: this name and version stand for other numbers already.
    """
    name = spec.id.removeprefix("reward/")
    fields = {"name": name, "version": spec.version, "body": spec.to_dict()}
    same_name = RewardSpec.objects.filter(name=name, version=spec.version).first()
    if same_name and same_name.sha256 != spec.sha256:
        raise Conflict(f"{same_name} exists with other numbers; raise its version")
    row, _ = RewardSpec.objects.get_or_create(
        sha256=spec.sha256, defaults={**fields, "created_by": user}
    )
    return row


def create(spec: rewards.Spec, *, user: User) -> RewardSpec:
    """Add somebody's spec; the same numbers again are the same row.

    Raises:
        Invalid: the name is a built-in spec's, which the next release may need.
        Conflict: this name and version stand for other numbers already.
        InvalidSpec: other numbers than the newest version's, and no new major version.
    """
    shipped = rewards.built_in()
    if spec.id in {built_in.id for built_in in shipped} and spec not in shipped:
        raise Invalid(f"{spec.id} is a built-in spec; choose another name")
    row = store(spec, user=user) if _is_known(spec) else None
    if row is None and (newest := _stored(spec.id)) is not None:
        rewards.check_successor(newest.to_spec(), spec)
    return row or store(spec, user=user)


def successor(row: RewardSpec, project: Project) -> rewards.Spec:
    """A draft to make the next version from: a built-in spec's has the project's name,
    anybody else's the next major version."""
    spec = row.to_spec()
    if any(spec.id == built_in.id for built_in in rewards.built_in()):
        name = re.sub(r"[^a-z0-9]+", "_", f"{project.slug}_{row.name}")[:64]
        newest = _stored(name)
        if newest is None:
            return replace(spec, id=f"reward/{name}", version="1.0.0")
        spec = replace(spec, id=f"reward/{name}")
    else:
        newest = _stored(row.name) or row
    return replace(spec, version=f"{_order(newest)[0] + 1}.0.0")


def activate(
    spec: RewardSpec, project: Project, *, user: User | None, override: str = ""
) -> None:
    """Make a spec the one a project scores by unless told otherwise.

    One that loses dominance or separation needs a reason to `override` that, which is
    kept with the project.

    Raises:
        Invalid: it loses one of them, and no reason is given.
    """
    lost, reason = spec.to_spec().lost(), override.strip()
    if lost and not reason:
        raise Invalid(
            f"{spec} does not promise {' and '.join(lost)}: give a reason to use it "
            "all the same"
        )
    at = timezone.now().isoformat()
    told = {"reason": reason, "lost": lost, "by": user and user.username, "at": at}
    project.spec = spec
    project.spec_override = told if lost else {}
    project.save(update_fields=["spec", "spec_override"])


def listing() -> QuerySet[RewardSpec]:
    """Every spec of this installation, the built-in ones included: specs are shared."""
    shipped = {spec.sha256: spec for spec in rewards.built_in()}
    rows = RewardSpec.objects.filter(sha256__in=shipped)
    for sha256 in shipped.keys() - set(rows.values_list("sha256", flat=True)):
        store(shipped[sha256])
    return RewardSpec.objects.all()


def find(name: str) -> RewardSpec:
    """The spec called `default@1`, `default`, `tool_agent@1.0.0` or by its sha256.

    Raises:
        Invalid: there is none.
    """
    try:
        return store(rewards.named(name))
    except InvalidSpec:
        found = _stored(name) if _NAME.fullmatch(name) else None
    if found is None:
        raise Invalid(f"there is no reward spec {name[:80]!r}")
    return found


def _is_known(spec: rewards.Spec) -> bool:
    name = spec.id.removeprefix("reward/")
    same = Q(name=name, version=spec.version) | Q(sha256=spec.sha256)
    return RewardSpec.objects.filter(same).exists()


def _stored(name: str) -> RewardSpec | None:
    base, _, version = name.removeprefix("reward/").partition("@")
    rows = RewardSpec.objects.filter(Q(name=base) | Q(sha256=name))
    if version:
        rows = rows.filter(Q(version=version) | Q(version__startswith=f"{version}."))
    return max(rows, key=_order, default=None)


def _order(row: RewardSpec) -> list[int]:
    return [int(part) for part in row.version.split(".")]
