"""Projects and their specs."""

import pytest
from django.contrib.auth.models import User

from scoring import rewards
from webapp.errors import Conflict, Invalid
from webapp.models import Membership, Project
from webapp.services import projects, reward_specs


def test_a_new_project_has_an_owner_a_guideline_and_the_default_spec(
    alice: User,
) -> None:
    project = projects.create("Help desk", owner=alice)

    assert (project.slug, project.guideline_version) == ("help-desk", 1)
    assert project.spec.to_spec() == rewards.DEFAULT
    assert Membership.objects.get(project=project, user=alice).role == "owner"


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "../", "Taken"])
def test_a_project_needs_a_name_of_its_own(alice: User, name: str) -> None:
    projects.create("Taken", owner=alice)

    with pytest.raises(Invalid):
        projects.create(name, owner=alice)
    assert Project.objects.count() == 1


def test_a_role_is_changed_by_adding_again(project: Project, bob: User) -> None:
    projects.add_member(project, user=bob, role="engineer")

    assert Membership.objects.get(project=project, user=bob).role == "engineer"


@pytest.mark.parametrize("name", ["default", "default@1", "reward/default@1.0", ""])
def test_a_built_in_spec_is_found_by_name(project: Project, name: str) -> None:
    found = reward_specs.find(name or project.spec.sha256)

    assert found.to_spec() == rewards.DEFAULT


def test_a_spec_of_ones_own_is_found_at_its_newest(project: Project) -> None:
    data = rewards.DEFAULT.to_dict()
    for version in ("2.9.0", "2.10.0", "3.0.0"):
        own = {**data, "id": "reward/own", "version": version}
        reward_specs.store(rewards.Spec.from_dict(own))

    assert str(reward_specs.find("own@2")) == "own@2.10.0"
    assert str(reward_specs.find("own")) == "own@3.0.0"


def test_other_numbers_need_another_version(project: Project) -> None:
    data = rewards.DEFAULT.to_dict() | {"gamma": 0.5}

    with pytest.raises(Conflict):
        reward_specs.store(rewards.Spec.from_dict(data))


@pytest.mark.parametrize("name", ["", "nobody", "default@7", "\x00", "own@" + "9" * 99])
def test_no_such_spec_is_said(db: None, name: str) -> None:
    with pytest.raises(Invalid):
        reward_specs.find(name)


def test_the_built_in_specs_are_listed_from_the_start(db: None) -> None:
    names = {spec.name for spec in reward_specs.listing()}

    assert {"default", "rlhf_t1"} <= names


def test_nobody_takes_the_name_of_a_built_in_spec(alice: User) -> None:
    data = rewards.DEFAULT.to_dict() | {"version": "7.0.0"}

    with pytest.raises(Invalid, match="another name"):
        reward_specs.create(rewards.Spec.from_dict(data), user=alice)
