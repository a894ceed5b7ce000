"""What was answered under an idempotency key, kept for a while in the broker."""

import hashlib
import logging
import zlib
from dataclasses import dataclass
from typing import Any, cast

import orjson
import redis

from webapp.broker import broker
from webapp.errors import Conflict
from webapp.models import Project

log = logging.getLogger(__name__)

KEEP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Memory:
    """The answer to one request of a project, under the key its sender chose."""

    name: str
    asked: str

    @classmethod
    def of(cls, project: Project, key: str, asked: Any) -> "Memory":
        digest = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS))
        return cls(f"pacenote:remembered:{project.pk}:{key}", digest.hexdigest())

    def recall(self) -> dict[str, Any] | None:
        """The answer given before; without a broker nobody can say, and the same
        scores are computed anew.

        Raises:
            Conflict: the key stands for another request.
        """
        try:
            kept = cast("str | None", broker().get(self.name))
        except redis.RedisError:
            log.warning("no broker: an idempotency key is not looked up")
            return None
        if kept is None:
            return None
        asked, _, packed = kept.partition(":")
        if asked != self.asked:
            raise Conflict("this idempotency key stands for another request")
        body: dict[str, Any] = orjson.loads(zlib.decompress(bytes.fromhex(packed)))
        return body

    def keep(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Keep an answer; where the same request was answered meanwhile, that one."""
        packed = zlib.compress(orjson.dumps(answer), 1).hex()
        try:
            text = f"{self.asked}:{packed}"
            if broker().set(self.name, text, nx=True, ex=KEEP_SECONDS):
                return answer
        except redis.RedisError:
            log.warning("no broker: the answer to an idempotency key is not kept")
            return answer
        return self.recall() or answer
