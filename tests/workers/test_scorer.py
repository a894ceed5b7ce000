"""The scorer's side of the protocol, over a real broker."""

import json
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
import redis

from scoring.errors import ModelMismatch
from scoring.schema import Episode, Prediction, Step
from webapp import calls, jobs, replicas, signs
from webapp.broker import broker
from webapp.errors import Busy, Invalid, NotReady
from webapp.lanes import BULK, INTERACTIVE, Lanes
from workers import scorer as scorer_module
from workers.heirs import adopt
from workers.pace import Batch
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
def lanes(live_broker: redis.Redis) -> Lanes:
    return a_replica("test")


def a_replica(name: str) -> Lanes:
    broker().zadd(replicas.SEEN, {name: time.time()})
    signs.give(f"scorer:{name}", {"ready": True, "bytes_a_second": 1e9})
    replicas.forget()
    return Lanes(broker(), name)


@pytest.fixture
def scorer(lanes: Lanes) -> Scorer:
    return Scorer(lanes, model)


@contextmanager
def serving(*scorers: Scorer) -> Iterator[None]:
    stopped = threading.Event()

    def loop(scorer: Scorer) -> None:
        while not stopped.is_set():
            scorer.serve(0.2)

    threads = [threading.Thread(target=loop, args=(scorer,)) for scorer in scorers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
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
    for number in range(4):
        leave(an_episode(str(number)))
    assert scorer.serve() == 4


def leave(episode: Episode, lane: str = INTERACTIVE, **changes: Any) -> str:
    """A request in the lane whose sender reads its answer later."""
    request = {
        "reply": f"pacenote:score:reply:{episode.id}",
        "model": FIRST,
        "at": time.time(),
        "deadline": time.time() + 30,
        "episodes": [episode.to_dict()],
        **changes,
    }
    push(uuid.uuid4().hex + orjson.dumps(request).decode(), lane)
    return str(request["reply"])


def push(raw: str, lane: str = INTERACTIVE) -> None:
    assert Lanes(broker(), "test").push(lane, raw, math.inf)[0]


def read(reply: str) -> dict[str, Any]:
    raw = broker().lpop(reply)
    assert isinstance(raw, str)
    return dict(json.loads(raw))


def test_people_go_before_bulk_work(scorer: Scorer) -> None:
    bulk, person = leave(an_episode("1"), BULK), leave(an_episode("2"))
    scorer.serve()
    assert "predictions" in read(person)
    assert broker().llen(bulk) == 0
    scorer.serve()
    assert "predictions" in read(bulk)


def test_bulk_work_has_its_turn_while_people_keep_coming(scorer: Scorer) -> None:
    bulk = leave(an_episode("0"), BULK)
    for number in range(1, scorer_module.BULK_EVERY + 1):
        leave(an_episode(str(number)))
        scorer.serve()
    assert "predictions" in read(bulk)


def test_a_slow_scorer_takes_less_at_once(scorer: Scorer) -> None:
    scorer.pace.bytes_a_second = 4.0
    for number in range(3):
        leave(an_episode(str(number)))
    assert scorer.serve() == 1


def test_a_request_past_its_deadline_is_dropped(scorer: Scorer) -> None:
    reply = leave(an_episode("1"), deadline=time.time() - 1)
    assert scorer.serve() == 1
    assert broker().llen(reply) == 0


def test_a_caller_whose_time_is_up_takes_the_request_back(lanes: Lanes) -> None:
    with pytest.raises(NotReady, match="no answer within"):
        jobs.predict(FIRST, [an_episode("1")], 0.05)
    assert lanes.waiting() == {INTERACTIVE: 0, BULK: 0}


def test_a_caller_who_hung_up_is_not_computed_for(lanes: Lanes) -> None:
    calls.begin(calls.Call(is_gone=lambda: True))
    try:
        with pytest.raises(NotReady, match="hung up"):
            jobs.predict(FIRST, [an_episode("1")], 10)
    finally:
        calls.begin(calls.Call())
    assert lanes.waiting()[INTERACTIVE] == 0


def test_a_request_that_would_come_too_late_is_refused_at_once(lanes: Lanes) -> None:
    signs.give("scorer:test", {"ready": True, "bytes_a_second": 100.0})
    replicas.forget()
    leave(an_episode("1"))
    began = time.monotonic()
    with pytest.raises(Busy) as refused:
        jobs.predict(FIRST, [an_episode("2")], 2)
    assert time.monotonic() - began < 1
    # about 400 bytes wait, at 100 a second
    assert 2 <= (refused.value.retry_after or 0) <= 10
    assert lanes.waiting()[INTERACTIVE] == 1


def test_without_a_scorer_nobody_waits(live_broker: redis.Redis) -> None:
    began = time.monotonic()
    with pytest.raises(NotReady, match="no scorer is running"):
        jobs.predict(FIRST, [an_episode("1")], 10)
    assert time.monotonic() - began < 1


def test_one_failing_request_spoils_no_other(scorer: Scorer) -> None:
    bad, good = leave(an_episode("impossible")), leave(an_episode("7"))
    scorer.serve()
    assert "failed" in read(bad)["error"]
    assert read(good)["predictions"][0]["q"] == [1007]


def test_a_scorer_whose_device_fails_answers_nobody_and_loses_nothing(
    lanes: Lanes,
) -> None:
    """Whatever it would say after a CUDA error may be wrong: its process ends."""

    def fail(sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    replies = [leave(an_episode(str(number))) for number in (1, 2)]
    with pytest.raises(RuntimeError, match="CUDA error"):
        Scorer(lanes, fail).serve()
    assert not any(broker().exists(reply) for reply in replies)
    successor = Scorer(lanes, model)
    assert successor.recover() == 2
    assert [successor.serve() for _ in replies] == [1, 1]
    assert [read(reply)["predictions"][0]["q"] for reply in replies] == [[1001], [1002]]


def test_memory_that_a_batch_wants_too_much_of_is_enough_for_each_alone(
    lanes: Lanes,
) -> None:
    def limited(sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
        if len(episodes) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB.")
        return model(sha256, episodes)

    replies = [leave(an_episode(str(number))) for number in (1, 2)]
    assert Scorer(lanes, limited).serve() == 2
    assert [read(reply)["predictions"][0]["q"] for reply in replies] == [[1001], [1002]]


def test_one_that_even_alone_finds_no_memory_is_told_to_come_again(
    lanes: Lanes,
) -> None:
    def full(sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB.")

    with (
        serving(Scorer(lanes, full)),
        pytest.raises(Busy, match="short of memory") as told,
    ):
        jobs.predict(FIRST, [an_episode("1")], 10)
    assert (told.value.status, told.value.retry_after) == (503, 1)


def test_a_model_that_does_not_load_is_an_error_for_its_callers_only(
    scorer: Scorer,
) -> None:
    bad, good = leave(an_episode("1"), model="f" * 64), leave(an_episode("2"))
    scorer.serve()
    assert read(bad)["error"] == "no such model"
    assert "predictions" in read(good)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"reply": "pacenote:score:reply:x"}',
        '{"reply": "pacenote:score:reply:x", "model": "m", "at": 0, "deadline": 9e9,'
        ' "episodes": [{"steps": 3}]}',
    ],
)
def test_a_malformed_request_is_answered_and_survived(
    scorer: Scorer, body: str
) -> None:
    push("x" * 32 + body)
    good = leave(an_episode("3"))
    scorer.serve()
    assert "predictions" in read(good)
    if "reply" in body:
        assert "error" in read("pacenote:score:reply:x")


def test_a_number_that_is_none_is_an_error(lanes: Lanes) -> None:
    scorer = Scorer(lanes, lambda _, __: [answer(math.nan)])
    reply = leave(an_episode("1"))
    scorer.serve()
    assert "error" in read(reply)


def test_what_a_killed_scorer_had_taken_is_answered_first_and_alone(
    scorer: Scorer, lanes: Lanes
) -> None:
    replies = [leave(an_episode(str(number))) for number in range(3)]
    for _ in range(2):
        lanes.take(1)
    assert scorer.recover() == 2
    assert [scorer.serve() for _ in range(3)] == [1, 1, 1]
    assert all("predictions" in read(reply) for reply in replies)


def test_a_request_that_kills_its_scorers_is_refused_in_the_end(
    scorer: Scorer, lanes: Lanes
) -> None:
    reply = leave(an_episode("1"))
    for _ in range(scorer_module.MAX_TRIES):
        lanes.take(1)
        scorer.recover()
    assert "died of this input" in read(reply)["error"]
    assert lanes.waiting()[INTERACTIVE] == 0


def test_a_scorer_with_nothing_to_do_is_handed_the_next_request(
    scorer: Scorer, lanes: Lanes
) -> None:
    assert lanes.take(1) == []
    handed = leave(an_episode("1"))
    queued = leave(an_episode("2"))
    assert (len(lanes.taken()), lanes.waiting()[INTERACTIVE]) == (1, 1)
    assert [scorer.serve(), scorer.serve()] == [1, 1]
    assert all("predictions" in read(reply) for reply in (handed, queued))
    assert lanes.taken() == {}


def test_a_request_handed_to_a_scorer_that_was_killed_is_answered_once(
    scorer: Scorer, lanes: Lanes
) -> None:
    lanes.take(1)
    reply = leave(an_episode("1"))
    assert scorer.recover() == 1
    assert [scorer.serve(0.1), scorer.serve(0.1)] == [1, 0]
    assert "predictions" in read(reply)
    assert broker().llen(reply) == 0


def test_a_request_handed_to_a_dead_replica_is_answered_by_another(
    lanes: Lanes,
) -> None:
    lanes.take(1)
    reply = leave(an_episode("1"))
    broker().delete("pacenote:alive:scorer:test")
    heir = a_replica("heir")
    assert adopt(heir) == 1
    assert Scorer(heir, model).serve(0.1) == 1
    assert "predictions" in read(reply)


def test_nobody_is_handed_anything_after_hanging_up(lanes: Lanes) -> None:
    lanes.take(1)
    lanes.hang_up()
    leave(an_episode("1"))
    assert (len(lanes.taken()), lanes.waiting()[INTERACTIVE]) == (0, 1)


def test_nothing_stays_taken_after_an_answer(scorer: Scorer, lanes: Lanes) -> None:
    leave(an_episode("1"))
    scorer.serve()
    assert lanes.taken() == {}


def test_a_refusal_reaches_the_caller_as_a_sentence(scorer: Scorer) -> None:
    with serving(scorer), pytest.raises(Invalid, match="no such model"):
        jobs.predict("e" * 64, [an_episode("1")], 10)


def test_an_episode_stays_with_its_replica_as_it_grows_and_as_others_come() -> None:
    runs = [an_episode(str(i)) for i in range(300)]
    before = {run.id: replicas.home(run, ["a", "b"]) for run in runs}
    after = {run.id: replicas.home(run, ["a", "b", "c"]) for run in runs}
    moved = [name for name in before if before[name] != after[name]]
    assert all(after[name] == "c" for name in moved)
    assert 60 < len(moved) < 140
    longer = Episode(id="7", task="7", steps=(Step(0, text="x"), Step(1, text="y")))
    assert replicas.home(longer, ["a", "b"]) == before["7"]


def test_a_question_is_shared_out_and_put_together_again(lanes: Lanes) -> None:
    episodes = [an_episode(str(number)) for number in range(40)]
    both = [Scorer(lanes, model), Scorer(a_replica("other"), model)]
    with serving(*both):
        answered = jobs.predict(SECOND, episodes, 10)
    assert [prediction.q[0] for prediction in answered] == [
        2000 + number for number in range(40)
    ]


def test_what_a_dead_replica_leaves_is_answered_by_another(lanes: Lanes) -> None:
    replies = [leave(an_episode(str(number))) for number in range(3)]
    lanes.take(1)
    broker().delete("pacenote:alive:scorer:test")
    heir = a_replica("heir")
    assert adopt(heir) == 3
    survivor = Scorer(heir, model)
    while survivor.serve(0.1):
        pass
    assert all("predictions" in read(reply) for reply in replies)


def test_the_living_are_not_inherited_from(scorer: Scorer, lanes: Lanes) -> None:
    leave(an_episode("1"))
    assert adopt(a_replica("heir")) == 0
    assert lanes.waiting()[INTERACTIVE] == 1


def test_each_batch_is_reported(lanes: Lanes) -> None:
    seen: list[Batch] = []
    scorer = Scorer(lanes, model, seen.append)
    leave(an_episode("1"))
    leave(an_episode("impossible"))
    leave(an_episode("2"), deadline=time.time() - 1)
    scorer.serve()
    assert sum(batch.late for batch in seen) == 1
    assert (seen[-1].episodes, seen[-1].failed) == (1, 1)
    assert len(seen[-1].queued) == 2
