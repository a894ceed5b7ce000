"""The demo project."""

from django.contrib.auth.models import User

from tests import factories
from webapp.services import demo, snapshots


def test_the_first_run_makes_an_admin_without_a_password(db: None) -> None:
    demo.seed(4)

    admin = User.objects.get(username="admin")
    assert (admin.is_superuser, admin.has_usable_password()) == (True, False)
    assert not User.objects.get(username="arena-oracle").is_active


def test_the_project_holds_judged_episodes_and_says_they_are_simulated(
    db: None,
) -> None:
    project = demo.seed(12)

    assert (project.is_demo, "simulated" in project.name) == (True, True)
    steps = sum(project.episodes.values_list("step_count", flat=True))
    events = project.label_events.filter(axis="verdict")
    assert (events.count(), project.episodes.count()) == (steps, 12)
    assert set(events.values_list("provenance", flat=True)) == {"imported"}


def test_seeding_again_adds_nothing_and_completes_what_is_missing(db: None) -> None:
    project = demo.seed(8)
    events = project.label_events.count()
    project.episodes.earliest("pk").delete()

    assert demo.seed(8) == project
    assert project.episodes.count() == 8
    assert project.label_events.count() == events


def test_an_administrator_who_is_there_already_owns_it(db: None) -> None:
    boss = factories.a_user("boss", is_superuser=True)

    project = demo.seed(2)

    assert project.membership_set.get(role="owner").user == boss
    assert not User.objects.filter(username="admin").exists()


def test_it_can_be_trained_on(db: None) -> None:
    snapshot = snapshots.take(demo.seed(60), user=None)

    assert min(snapshot.counts["train_verdicts"].values()) > 10
