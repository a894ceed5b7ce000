"""The language model every trainer and scorer of this installation reads with."""

from django.conf import settings

from scoring.prm import backbone


def load() -> backbone.Trunk:
    """Raises: ModelMismatch when there is no such model."""
    return backbone.load(
        settings.BACKBONE or None,
        settings.DATA_DIR,
        settings.CACHE_MB << 20,
        settings.PRECISION or None,
        settings.DEVICE or None,
    )
