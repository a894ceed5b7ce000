"""How far a job is, in words a page can show."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from webapp.models import Job


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` in [0, 1], None where nobody can know; `rate` is `unit` a second;
    times in seconds."""

    phase: str
    done: float
    total: float | None
    unit: str
    rate: float | None
    elapsed: float | None
    left: float | None
    queued: float

    @property
    def counted(self) -> bool:
        """Whether there is anything to count, or it says no more than its phase."""
        return bool(self.done or self.total)

    @property
    def fraction(self) -> float | None:
        return min(self.done / self.total, 1.0) if self.total else None


def of(job: Job) -> Progress:
    said: dict[str, Any] = job.progress or {}
    bytes_ = "total_bytes" in said
    done = float(said.get("done_bytes" if bytes_ else "done") or 0)
    total = said.get("total_bytes" if bytes_ else "total")
    now = job.finished_at or timezone.now()
    elapsed = (now - job.started_at).total_seconds() if job.started_at else None
    rate = done / elapsed if elapsed and done else None
    left = said.get("eta")
    if left is None and rate and total:
        left = max(total - done, 0) / rate
    return Progress(
        phase=str(said.get("phase") or ""),
        done=done,
        total=total,
        unit="bytes" if bytes_ else str(said.get("unit") or ""),
        rate=rate,
        elapsed=elapsed,
        left=left,
        queued=(now - job.created_at).total_seconds(),
    )
