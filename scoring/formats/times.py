"""Times as logs write them."""

from datetime import UTC, datetime


def iso(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None outside the years 1970 to 2603."""
    if seconds is None or not 0 <= seconds < 2e10:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def moment(iso: str | None) -> float:
    """ISO 8601 as seconds since 1970; 0 for what is no time. Times without a zone are
    taken as UTC."""
    try:
        time = datetime.fromisoformat(iso or "")
        return time.replace(tzinfo=time.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0
