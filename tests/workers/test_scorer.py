"""The scorer's side of the list protocol, over a real broker."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from scoring.errors import ModelMismatch
from scoring.schema import Episode, Prediction, Step
from webapp import jobs
from webapp.errors import Invalid, NotReady
from workers.scorer import Scorer

FIRST, SECOND = "1" * 64, "2" * 64


def model(sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
    """As much of a model as the protocol needs: q says which one answered, for whom."""
    if sha256 not in {FIRST, SECOND}:
        raise ModelMismatch("no such model")
    if any(episode.task == "impossible" for episode in episodes):
        raise RuntimeError("index out of range")
    return [answer(int(sha256[0]) * 1000 + int(episode.task)) for episode in episodes]


def answer(q: float) -> Prediction:
    return Prediction((q,), (0.0,), ((0.0, 0.0, 1.0),), (None,))


def an_episode(task: str) -> Episode:
    return Episode(id=task, task=task, steps=(Step(0, text="Done."),))


@pytest.fixture
def scorer(live_broker: redis.Redis) -> Scorer:
    return Scorer(live_broker, model, jobs.SCORE_QUEUE, "test")


@contextmanager
def serving(scorer: Scorer) -> Iterator[None]:
    stopped = threading.Event()

    def loop() -> None:
        while not stopped.is_set():
            scorer.serve()

    thread = threading.Thread(target=loop)
    thread.start()
    yield
    stopped.set()
    thread.join()


def in_threads(count: int, ask: Callable[[int], Any]) -> dict[int, Any]:
    answers: dict[int, Any] = {}

    def one(i: int) -> None:
        answers[i] = ask(i)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_each_of_many_callers_gets_its_own_models_answer(scorer: Scorer) -> None:
    def ask(i: int) -> list[float | None]:
        episodes = [an_episode(str(i)), an_episode(str(100 + i))]
        predictions = jobs.predict([FIRST, SECOND][i % 2], episodes, 10)
        return [prediction.q[0] for prediction in predictions]

    with serving(scorer):
        answers = in_threads(24, ask)
    for i, answered in answers.items():
        base = 1000 * (1 + i % 2) + i
        assert answered == [base, base + 100]


def test_requests_that_wait_are_answered_in_one_batch(scorer: Scorer) -> None:
    with pytest.raises(NotReady):
        jobs.predict(FIRST, [an_episode("1")], 0.01)
    for number in range(3):
        leave(an_episode(str(number)))
    assert scorer.serve() == 4


def leave(episode: Episode, **changes: Any) -> str:
    """A request in the list whose sender reads its answer later."""
    request = {
        "reply": f"{jobs.SCORE_QUEUE}:reply:{episode.id}",
        "model": FIRST,
        "deadline": time.time() + 30,
        "episodes": [episode.to_dict()],
        **changes,
    }
    jobs.broker().lpush(jobs.SCORE_QUEUE, json.dumps(request))
    return str(request["reply"])


def test_a_request_past_its_deadline_is_dropped(scorer: Scorer) -> None:
    reply = leave(an_episode("1"), deadline=time.time() - 1)
    assert scorer.serve() == 1
    assert jobs.broker().llen(reply) == 0


def test_one_failing_request_spoils_no_other(scorer: Scorer) -> None:
    bad, good = leave(an_episode("impossible")), leave(an_episode("7"))
    scorer.serve()
    assert "failed" in read(bad)["error"]
    assert read(good)["predictions"][0]["q"] == [1007]


def test_a_model_that_does_not_load_is_an_error_for_its_callers_only(
    scorer: Scorer,
) -> None:
    bad, good = leave(an_episode("1"), model="f" * 64), leave(an_episode("2"))
    scorer.serve()
    assert read(bad) == {"error": "no such model"}
    assert "predictions" in read(good)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "null",
        '{"reply": "pacenote:score:reply:x"}',
        '{"reply": "pacenote:score:reply:x", "model": "m", "deadline": 9e9,'
        ' "episodes": [{"steps": 3}]}',
    ],
)
def test_a_malformed_request_is_answered_and_survived(scorer: Scorer, raw: str) -> None:
    jobs.broker().lpush(jobs.SCORE_QUEUE, raw)
    good = leave(an_episode("3"))
    scorer.serve()
    assert "predictions" in read(good)
    if "reply" in raw:
        assert "error" in read("pacenote:score:reply:x")


def test_a_number_that_is_none_is_an_error(live_broker: redis.Redis) -> None:
    scorer = Scorer(
        live_broker, lambda _, __: [answer(math.nan)], jobs.SCORE_QUEUE, "test"
    )
    reply = leave(an_episode("1"))
    scorer.serve()
    assert "error" in read(reply)


def test_what_a_killed_scorer_had_taken_is_answered_first(scorer: Scorer) -> None:
    replies = [leave(an_episode(str(number))) for number in range(3)]
    for _ in range(2):
        jobs.broker().lmove(
            jobs.SCORE_QUEUE, f"{jobs.SCORE_QUEUE}:taken:test", "RIGHT", "LEFT"
        )
    assert scorer.recover() == 2
    waiting = jobs.broker().lrange(jobs.SCORE_QUEUE, 0, -1)
    order = [json.loads(raw)["episodes"][0]["id"] for raw in reversed(waiting)]
    assert order == ["0", "1", "2"]
    scorer.serve()
    assert all("predictions" in read(reply) for reply in replies)


def test_nothing_stays_taken_after_an_answer(scorer: Scorer) -> None:
    leave(an_episode("1"))
    scorer.serve()
    assert jobs.broker().llen(f"{jobs.SCORE_QUEUE}:taken:test") == 0


def test_a_refusal_reaches_the_caller_as_a_sentence(scorer: Scorer) -> None:
    with serving(scorer), pytest.raises(Invalid, match="no such model"):
        jobs.predict("e" * 64, [an_episode("1")], 10)


def read(reply: str) -> dict[str, Any]:
    raw = jobs.broker().lpop(reply)
    assert raw is not None
    return dict(json.loads(raw))
