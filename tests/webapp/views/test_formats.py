"""The list of formats, made of the registry."""

import pytest
from django.test import Client

from scoring.formats import FORMATS
from webapp.models import Project


def test_every_format_is_there_with_what_tells_it(as_bob: Client) -> None:
    page = as_bob.get("/formats/").content.decode()

    assert not [f.name for f in FORMATS if f"<code>{f.name}</code>" not in page]
    assert "<code>minari</code>" in page
    assert "<code>resourceSpans</code>" in page


@pytest.mark.parametrize("words", ["otlp", "OpenTelemetry", "resourcespans"])
def test_a_format_is_found_by_name_title_or_key(as_bob: Client, words: str) -> None:
    page = as_bob.get("/formats/", {"q": words}).content.decode()

    assert "<code>otlp</code>" in page
    assert "<code>react</code>" not in page


def test_a_search_that_finds_nothing_leads_on(as_bob: Client) -> None:
    page = as_bob.get("/formats/", {"q": "<b>no such</b>"}).content.decode()

    assert "No format is told by that" in page
    assert "<b>no such" not in page


def test_the_upload_page_leads_there(as_bob: Client, project: Project) -> None:
    page = as_bob.get(f"/projects/{project.slug}/upload/").content.decode()

    assert 'href="/formats/"' in page


def test_a_visitor_signs_in_first(client: Client, db: None) -> None:
    assert client.get("/formats/").status_code == 302


def test_a_list_takes_no_orders(as_bob: Client) -> None:
    assert as_bob.post("/formats/").status_code == 405
