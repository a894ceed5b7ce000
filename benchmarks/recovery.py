"""`python -m benchmarks.recovery`: how soon a scorer killed by `kill -9` answers again.

The real language model and a reward model of random heads, on loopback; by turns with a
spare waiting and without one. Nothing else is asked meanwhile.
"""

import argparse
import time

from benchmarks import models, served

# for a spare to be started and to import all it imports, on a busy machine
SPARE_SECONDS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(served.machine())
    with served.data_of_its_own() as data:
        [sha256] = models.write(data, 0)
        with served.served(data, model=sha256, scorers=["scorer"]) as house:
            rows = {
                with_a_spare: list[tuple[float, float]]() for with_a_spare in (1, 0)
            }
            with served.revived(house):
                for _ in range(options.repeats):
                    for with_a_spare, found in rows.items():
                        found.append(_killed(house, bool(with_a_spare)))
    print(f"afterwards: {served.machine()}\nseconds, median (least to most)")
    for with_a_spare, found in rows.items():
        print(f"  {'with' if with_a_spare else 'without'} a spare")
        print(f"    from kill -9 to an answer {served.median([a for a, _ in found])}")
        print(f"    of it the language model  {served.median([b for _, b in found])}")
        print(
            f"    all else (bar: 2)         {served.median([a - b for a, b in found])}"
        )


def _killed(house: served.Served, with_a_spare: bool) -> tuple[float, float]:
    """Seconds until it answers, and those its successor took to load the model."""
    from webapp import replicas

    scorer = house.children["scorer"]
    assert scorer.spare is not None
    if with_a_spare:
        time.sleep(SPARE_SECONDS)
        assert scorer.spare.process is not None, "no spare waits; the logs say why"
    else:
        scorer.spare.stop()
    scorer.kill()
    began = time.monotonic()
    served.until(lambda: served.scores(house), served.START_SECONDS)
    spent = time.monotonic() - began
    served.until(lambda: bool(replicas.signs(["scorer"])), 10)
    return spent, float(replicas.signs(["scorer"])["scorer"]["loaded_in"])


if __name__ == "__main__":
    main()
