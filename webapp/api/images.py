"""Pictures and other files that an episode's texts speak of by their hash."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.urls import reverse
from rest_framework.request import Request

from webapp import access, inert
from webapp.api import reading, shapes
from webapp.api.permissions import READ
from webapp.api.schema import operation
from webapp.api.shapes import COUNT, FILE, TEXT, component, record
from webapp.api.view import View
from webapp.models import Image
from webapp.services import images

IMAGE = component(
    "Image",
    record({"sha256": shapes.SHA256, "size": COUNT, "media_type": TEXT, "url": TEXT}),
)
_BYTES = "application/octet-stream"


def show(image: Image) -> dict[str, Any]:
    """`media_type` is what the bytes were found to be, "" for what is no picture."""
    return {
        "sha256": image.sha256,
        "size": image.size,
        "media_type": image.media_type,
        "url": reverse("api:episode-image", args=[image.episode_id, image.sha256]),
    }


class EpisodeImage(View):
    needs = {"GET": READ}

    @operation("An image of an episode, as it was uploaded", {(200, _BYTES): FILE})
    def get(self, request: Request, pk: UUID, sha256: str) -> FileResponse:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        image = access.one(Image.objects.filter(episode=episode), sha256=sha256)
        return inert.file(images.path_of(sha256), name=image.filename)
