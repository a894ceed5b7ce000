"""A picture or another blob that an episode's texts speak of by its hash."""

from django.db import models

from webapp.models.episode import Episode


class Image(models.Model):
    """The bytes are a file, one for all episodes that show it (services/images.py)."""

    episode = models.ForeignKey(Episode, models.CASCADE, related_name="images")
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    # what the bytes were found to be, whatever their file called them; "" for no
    # picture that we show
    media_type = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "sha256"], name="one_image_a_content"
            )
        ]

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def filename(self) -> str:
        """For a download: what it is called was never known."""
        return f"{self}.{self.media_type.removeprefix('image/') or 'bin'}"
