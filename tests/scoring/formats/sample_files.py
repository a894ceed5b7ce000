"""Reads the real files beside the repository, where they are present."""

from pathlib import Path

from scoring.errors import ScoringError
from scoring.formats import open_file
from scoring.schema import Episode


def outcome_of_reading(path: Path) -> tuple[str, int, int, int]:
    """(format, episodes, steps, errors), or (the refusal, 0, 0, 0)."""
    with path.open("rb") as stream:
        try:
            reading = open_file(stream)
            results = list(reading.episodes)
        except ScoringError as refusal:
            return (str(refusal), 0, 0, 0)
    episodes = [result for result in results if isinstance(result, Episode)]
    for episode in episodes:
        assert Episode.from_dict(episode.to_dict()) == episode
    steps = sum(len(episode.steps) for episode in episodes)
    return (reading.format.name, len(episodes), steps, len(results) - len(episodes))


def names_in(samples: Path, folder: str) -> set[str]:
    files = (path for path in (samples / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(samples)) for path in files}
