"""What waits for a scorer: two lanes a replica, lists in the broker's Redis.

What people and trainers wait for goes before bulk work. A request is one string whose
first 32 characters are its id; every move of it is one script, so that it is at every
instant in exactly one place, and each lane's size in bytes is known exactly. A scorer
that has nothing to do is handed the next request as it comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

INTERACTIVE, BULK = "now", "bulk"
LANES = (INTERACTIVE, BULK)
ID_LENGTH = 32

_PREFIX = "pacenote:score"
# an answer nobody fetched
KEEP_SECONDS = 60
# requests in a lane, whatever their size
MAX_WAITING = 2_000

_PUSH = """
local waiting = tonumber(redis.call('GET', KEYS[2]) or '0')
local size = string.len(ARGV[1])
local full = waiting > 0 and waiting + size > tonumber(ARGV[2])
if full or redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  return {0, waiting}
end
if redis.call('DEL', KEYS[3]) == 1 then
  redis.call('HSET', KEYS[5], string.sub(ARGV[1], 1, 32), ARGV[1])
  redis.call('LPUSH', KEYS[4], ARGV[1])
else
  redis.call('LPUSH', KEYS[1], ARGV[1])
  redis.call('INCRBY', KEYS[2], size)
end
return {1, waiting}
"""
_TAKE = """
local handed = redis.call('RPOP', KEYS[7])
if handed then return {handed} end
local found, size = {}, 0
for i = 1, 3, 2 do
  while #found == 0 or size < tonumber(ARGV[1]) do
    local raw = redis.call('LINDEX', KEYS[i], -1)
    if not raw or (#found > 0 and size + #raw > tonumber(ARGV[1])) then break end
    redis.call('RPOP', KEYS[i])
    redis.call('DECRBY', KEYS[i + 1], #raw)
    redis.call('HSET', KEYS[5], string.sub(raw, 1, 32), raw)
    found[#found + 1] = raw
    size = size + #raw
  end
  if #found > 0 then break end
end
if #found == 0 then redis.call('SET', KEYS[6], '1') end
return found
"""
_ANSWER = """
for i = 2, #KEYS do
  redis.call('HDEL', KEYS[1], ARGV[2 * i - 2])
  if KEYS[i] ~= KEYS[1] then
    redis.call('LPUSH', KEYS[i], ARGV[2 * i - 1])
    redis.call('EXPIRE', KEYS[i], ARGV[1])
  end
end
"""
_WITHDRAW = """
local found = redis.call('LREM', KEYS[1], 1, ARGV[1])
if found > 0 then redis.call('DECRBY', KEYS[2], string.len(ARGV[1])) end
return found
"""
_HAND_OVER = """
local count = 0
for i = 1, 5, 4 do
  while true do
    local raw = redis.call('LMOVE', KEYS[i], KEYS[i + 2], 'LEFT', 'RIGHT')
    if not raw then break end
    redis.call('INCRBY', KEYS[i + 3], #raw)
    count = count + 1
  end
  redis.call('DEL', KEYS[i + 1])
end
return count
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` for the list `reply`; None: nobody waits for it."""

    id: str
    reply: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """The requests of the scorer called `replica`, and those it has taken."""

    broker: redis.Redis
    replica: str

    def push(self, lane: str, raw: str, most_bytes: float) -> tuple[bool, int]:
        """Queue a request unless more than `most_bytes` would wait then (a lane that
        is empty takes any); (whether it was taken, bytes that waited before)."""
        taken, waiting = self._push(self.broker, lane, raw, most_bytes)
        return bool(taken), int(waiting)

    def push_and_look(
        self, lane: str, raw: str, most_bytes: float, key: str
    ) -> tuple[bool, int, str | None]:
        """As `push`, and what stands at `key`, asked in the same breath."""
        with self.broker.pipeline(transaction=False) as both:
            both.get(key)
            self._push(both, lane, raw, most_bytes)
            found, (taken, waiting) = both.execute()
        return bool(taken), int(waiting), found

    def _push(self, broker: redis.Redis, lane: str, raw: str, most_bytes: float) -> Any:
        keys = [*self._lane(lane), *self._listening(), self._key("taken")]
        most = int(min(most_bytes, 2**53))
        return broker.eval(_PUSH, len(keys), *keys, raw, most, MAX_WAITING)

    def take(self, most_bytes: int, *, bulk_first: bool = False) -> list[str]:
        """Requests of one lane, oldest first, of about `most_bytes` but at least one
        where one waits; nothing is left of the other lane's turn. Where none waits, the
        next one will be handed over: `listen`."""
        first, second = reversed(LANES) if bulk_first else LANES
        keys = [*self._lane(first), *self._lane(second), self._key("taken")]
        keys += self._listening()
        return cast("list[str]", self._run(_TAKE, keys, [most_bytes]))

    def listen(self, seconds: float) -> str | None:
        """Wait for a request after there was none to take. It needn't be taken any
        more: it stands among the taken ones by the time it is heard of."""
        handed = self.broker.blpop([self._listening()[1]], timeout=seconds)
        return None if handed is None else str(handed[1])

    def hang_up(self) -> None:
        """Nobody listens any more; what was handed over stays among the taken."""
        self.broker.delete(*self._listening())

    def withdraw(self, lane: str, raw: str) -> bool:
        """Take back a request that still waits; False when a scorer has it."""
        return bool(self._run(_WITHDRAW, self._lane(lane), [raw]))

    def taken(self) -> dict[str, str]:
        """Requests taken and not yet answered, by id."""
        return cast("dict[str, str]", self.broker.hgetall(self._key("taken")))

    def answer(self, answers: Iterable["Answer"]) -> None:
        """Say that taken requests are answered, and to each sender what."""
        taken = self._key("taken")
        keys, texts = [taken], []
        for answer in answers:
            keys.append(answer.reply or taken)
            texts += [answer.id, answer.text]
        self._run(_ANSWER, keys, [KEEP_SECONDS, *texts])

    def put_back(self, raws: Iterable[str]) -> None:
        """Queue taken requests again, the first of them first in line."""
        lane, size = self._lane(INTERACTIVE)
        with self.broker.pipeline(transaction=True) as pipeline:
            for raw in reversed(list(raws)):
                pipeline.rpush(lane, raw)
                pipeline.incrby(size, len(raw.encode()))
                pipeline.hdel(self._key("taken"), raw[:ID_LENGTH])
            pipeline.execute()

    def hand_over(self, heir: "Lanes") -> int:
        """Give what waits to another replica, first in line there; how many."""
        keys = [
            key for lane in LANES for owner in (self, heir) for key in owner._lane(lane)
        ]
        return int(self._run(_HAND_OVER, keys, []))

    def waiting(self) -> dict[str, int]:
        """Requests in each lane."""
        return {lane: int(self.broker.llen(self._lane(lane)[0])) for lane in LANES}

    def _run(
        self, script: str, keys: Sequence[str], values: Sequence[str | int]
    ) -> Any:
        # the text each time: the broker knows it by then, and one that has just been
        # started anew needs no second try
        return self.broker.eval(script, len(keys), *keys, *values)

    def _lane(self, lane: str) -> tuple[str, str]:
        return self._key(lane), self._key(f"{lane}:bytes")

    def _listening(self) -> tuple[str, str]:
        """Whether the scorer listens with nothing else to do, and what it is handed."""
        return self._key("listening"), self._key("handed")

    def _key(self, name: str) -> str:
        # braces: one replica's keys share a slot of a Redis cluster
        return f"{_PREFIX}:{{{self.replica}}}:{name}"
