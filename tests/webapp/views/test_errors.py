"""Pages for requests that went wrong, and the policies every page is sent with."""

import re

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from webapp.models import Episode
from webapp.views import errors

SCRIPTS = settings.BASE_DIR / "webapp" / "static" / "webapp" / "js"
TEMPLATES = settings.BASE_DIR / "webapp" / "templates" / "webapp"


def test_a_page_that_is_not_there_shows_the_way_home(as_alice: Client) -> None:
    page = as_alice.get("/nowhere/")

    assert page.status_code == 404
    assert 'href="/"' in page.content.decode()


@pytest.mark.parametrize(("view", "status"), [("bad_request", 400), ("forbidden", 403)])
def test_other_refusals_have_pages_of_ours(
    rf: RequestFactory, view: str, status: int
) -> None:
    request = rf.get("/")

    page = getattr(errors, view)(request, ValueError())

    assert page.status_code == status
    assert "Nothing was changed" in page.content.decode()


def test_a_broken_server_still_says_what_is_safe(rf: RequestFactory) -> None:
    page = errors.server_error(rf.get("/"))

    assert page.status_code == 500
    assert "safe" in page.content.decode()


def test_a_body_too_large_for_a_form_is_said(
    as_bob: Client, episode: Episode, settings: object
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000  # type: ignore[attr-defined]

    page = as_bob.post(f"/episodes/{episode.pk}/label/", {"value": "x" * 2_000})

    assert page.status_code == 413
    assert "Nothing was stored" in page.content.decode()


def test_pages_allow_no_inline_script_or_style(as_alice: Client) -> None:
    policy = as_alice.get("/").headers["Content-Security-Policy"]
    # the directives come in any order
    directives = {part.strip() for part in policy.split(";")}

    assert {"script-src 'self'", "style-src 'self'"} <= directives
    assert "unsafe" not in policy


def test_only_the_admin_has_a_looser_policy(admin_client: Client) -> None:
    policy = admin_client.get("/admin/").headers["Content-Security-Policy"]

    assert "'unsafe-eval'" in policy
    assert "script-src 'self' 'unsafe-eval'" in policy, "inline script stays forbidden"


def test_no_template_trusts_a_text_or_writes_inline_code() -> None:
    trusted = re.compile(r"\|\s*safe\b|autoescape off|mark_safe|\sstyle=|\son\w+=")
    found = [p.name for p in TEMPLATES.rglob("*.html") if trusted.search(p.read_text())]

    assert found == []


def test_scripts_are_small_and_write_no_markup() -> None:
    texts = {path.name: path.read_text() for path in SCRIPTS.glob("*.js")}
    lines = [text.count("\n") for text in texts.values()]

    assert max(lines) <= 150
    # 600 for the workspace and the small ones, 120 for the upload page
    assert sum(lines) <= 720
    assert not re.search(
        r"innerHTML|outerHTML\s*=|insertAdjacent|eval\(", "".join(texts.values())
    )
