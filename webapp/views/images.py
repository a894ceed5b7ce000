"""Pictures of an episode: our own small copy to look at, the bytes to download."""

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from webapp import access, inert
from webapp.models import Image
from webapp.services import images
from webapp.views.context import actor

# the bytes behind a hash never change
_for_ever = cache_control(private=True, immutable=True, max_age=31_536_000)


@require_safe
@_for_ever
def thumbnail(request: HttpRequest, pk: str, sha256: str) -> FileResponse:
    image = _image(request, pk, sha256)
    if not image.media_type:
        raise Http404
    return inert.file(images.thumbnail_of(sha256), content_type="image/webp")


@require_safe
@_for_ever
def original(request: HttpRequest, pk: str, sha256: str) -> FileResponse:
    """What was uploaded: to keep, never to open in the page's name."""
    image = _image(request, pk, sha256)
    return inert.file(images.path_of(sha256), name=image.filename)


def _image(request: HttpRequest, pk: str, sha256: str) -> Image:
    episode = access.one(access.episodes(actor(request)), pk=pk)
    return access.one(Image.objects.filter(episode=episode), sha256=sha256)
