"""Labels."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import InvalidInput
from tests import factories
from webapp.errors import Conflict
from webapp.models import Episode, LabelEvent
from webapp.services import labels

def test_a_verdict_is_an_event_and_the_current_state(
    episode: Episode, alice: User
) -> None:
    event = factories.a_label(episode, alice, -1, step=1, active_ms=900)

    assert (event.value, event.previous, event.sequence) == (-1, None, 1)
    assert event.guideline_version == episode.project.guideline_version
    assert labels.current(episode, user=alice)["steps"] == {1: {"verdict": -1}}
