"""A real Chromium on the live server; nothing of it is simulated."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from tests import factories
from webapp.models import Project

# Playwright's synchronous interface runs an event loop of its own in this thread
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]

WINDOW = ViewportSize(width=1440, height=900)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("NO CHROMIUM: the browser tests did not run")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Desk:
    """Somebody's open browser. `complaints` collects what its console reported:
    violations of the content security policy and errors of scripts."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def _note(self, said: ConsoleMessage) -> None:
        # a failed request is a network matter, and made on purpose by some tests
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.complaints.append(said.text)


@pytest.fixture
def owner(transactional_db: None) -> User:
    return factories.a_user("alice", is_staff=True, is_superuser=True)


@pytest.fixture
def project(owner: User) -> Project:
    return factories.a_project("Help desk", owner=owner)


@pytest.fixture
def desk(chromium: Browser, live_server: LiveServer, owner: User) -> Iterator[Desk]:
    context = chromium.new_context(viewport=WINDOW)
    _sign_in(context, live_server.url, owner)
    yield Desk(context.new_page(), live_server.url)
    context.close()


def _sign_in(context: BrowserContext, url: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}]
    )
