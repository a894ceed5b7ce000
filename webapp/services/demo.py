"""The demo project: simulated help-desk runs with everything known about them."""

from django.contrib.auth.models import User
from django.db import transaction

from scoring import arena
from webapp.models import Project
from webapp.models.label_event import Provenance
from webapp.models.project import Role
from webapp.services import episodes, labels, projects

NAME = "Arena help desk (simulated)"
SLUG = "arena"
ORACLE = "arena-oracle"
ADMIN = "admin"
COUNT = 400
SEED = 0
CHUNK = 20
OUTCOMES = {True: 1, False: -1, None: None}


def seed(count: int = COUNT) -> Project:
    """The demo project with its episodes and the simulator's own judgement of them;
    made on first use, completed where a first try was cut off."""
    project = _project()
    oracle = User.objects.get(username=ORACLE)
    runs = list(arena.generate(count, seed=SEED))
    for start in range(0, len(runs), CHUNK):
        _add(project, runs[start : start + CHUNK], oracle)
    return project


@transaction.atomic
def _project() -> Project:
    _user(ORACLE, is_active=False)
    found = Project.objects.filter(slug=SLUG, is_demo=True).first()
    if found is not None:
        return found
    owner = User.objects.filter(is_superuser=True).order_by("pk").first()
    owner = owner or _user(ADMIN, is_superuser=True, is_staff=True)
    project = projects.create(NAME, owner=owner, slug=SLUG, is_demo=True)
    projects.add_member(
        project, user=User.objects.get(username=ORACLE), role=Role.ANNOTATOR
    )
    return project


def _user(name: str, **fields: bool) -> User:
    user, created = User.objects.get_or_create(username=name, defaults=fields)
    if created:
        user.set_unusable_password()
        user.save()
    return user


def _add(project: Project, runs: list[arena.Run], oracle: User) -> None:
    episodes.create_many(project, (run.episode for run in runs), source_format="arena")
    by_content = {run.episode.content_hash(): run for run in runs}
    rows = project.episodes.filter(content_hash__in=by_content)
    for episode in rows.select_related("project"):
        run = by_content[episode.content_hash]
        labels.import_verdicts(
            episode,
            user=oracle,
            verdicts=run.verdicts,
            outcome=OUTCOMES[run.episode.outcome.success],
            preference=0.0 if run.social["rude"] else 1.0,
            harm=run.social["leak"],
            privacy=run.social["leak"],
            provenance=Provenance.IMPORTED,
        )
