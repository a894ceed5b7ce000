"""Projects and who is in them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from scoring import rewards
from webapp.errors import Invalid
from webapp.models import Membership, Project, RewardSpec
from webapp.models.project import Role
from webapp.services import reward_specs

DEFAULT_GUIDELINE = """\
Does this step bring the task closer to done? Judge with what was known at that step.

+1  correct, checkable and useful.
 0  right without progress: harmless repetition, a reasonable path that failed.
-1  wrong, invented, harmful, or a claim that cannot be checked.

Torn between two values: take the milder. Cannot tell at all: unsure, not 0.
The first failure of a tool is 0, adapting to it is +1, the same failing call again -1.
Judge the outcome on its own, after the steps.
"""


@transaction.atomic
def create(
    name: str, *, owner: User, slug: str | None = None, **fields: Any
) -> Project:
    """A new project under the default spec and guideline, with its owner in it.

    Raises:
        Invalid: the name or slug is empty, too long or taken.
    """
    if not 0 < len(name.strip()) <= 120:
        raise Invalid("a project needs a name of at most 120 characters")
    slug = slugify(slug or name)[:50].strip("-")
    if not slug or Project.objects.filter(slug=slug).exists():
        raise Invalid(f"the address {slug!r} is empty or taken; choose another name")
    fields = {"guideline": DEFAULT_GUIDELINE, "spec": default_spec(), **fields}
    project = Project.objects.create(name=name.strip(), slug=slug, **fields)
    add_member(project, user=owner, role=Role.OWNER)
    return project


def add_member(
    project: Project, *, user: User, role: str = Role.ANNOTATOR
) -> Membership:
    """Let a user in, or change what they may do."""
    member, _ = Membership.objects.update_or_create(
        project=project, user=user, defaults={"role": role}
    )
    return member


def default_spec() -> RewardSpec:
    return reward_specs.store(rewards.DEFAULT)
