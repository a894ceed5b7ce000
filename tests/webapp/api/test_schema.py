"""The OpenAPI document keeps its word, whatever is sent."""

import json
from typing import Any

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import factories
from webapp.models import Project
from webapp.wsgi import application


def whole(environ: Any, start_response: Any) -> list[bytes]:
    """The application as a server runs it, which closes what it has read."""
    response = application(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


DOCUMENT = SchemaGenerator().get_schema(request=None, public=True)
schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)))
schema.app = whole
for media_type in ("application/x-ndjson", "application/x-protobuf", "application/zip"):
    schemathesis.serializer.alias(media_type, "text/plain")
KEPT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def token(project: Project, alice: Any, one_connection: None) -> str:
    factories.an_episode(project)
    return factories.a_token(alice, project)[1]


@schema.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_call_breaks_it_and_every_answer_has_its_shape(
    case: Any, token: str
) -> None:
    # its WSGI client would not unpack what it says it takes
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    case.call_and_validate(headers=headers, checks=KEPT)


def test_the_document_is_served_to_anybody(client: Client) -> None:
    response = client.get("/api/schema/")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")


def test_every_shape_that_is_referred_to_is_there() -> None:
    text = json.dumps(DOCUMENT)
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert {name.split("/")[0] for name in used} <= set(
        DOCUMENT["components"]["schemas"]
    )


def test_the_documentation_page_runs_under_the_strict_policy(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = page.content.decode()
    assert "<style" not in text
    assert all("src=" in tag for tag in text.split("<script")[1:])
    script = client.get("/api/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
