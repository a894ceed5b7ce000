"""How long the dashboards take over many episodes, and how many queries they ask.

    .venv/bin/python -m tests.postgres .venv/bin/python -m benchmarks.dashboards

fills an empty PostgreSQL (the one DATABASE_URL names; its tables are made) by bulk SQL
with EPISODES scored episodes of STEPS steps, then asks each page ROUNDS times through
Django's test client, everything but the network included. The first answer is shown
apart: it finds nothing in any cache.
"""

import argparse
import os
import statistics
import time
from typing import Any

EPISODES, STEPS, ROUNDS = 100_000, 20, 5

_EPISODES = """
INSERT INTO webapp_episode (id, project_id, content_hash, "group", external_id,
  source_format, task, system, agent, model, success, ended, meta, step_count,
  created_at)
SELECT gen_random_uuid(), %(project)s, md5(n::text) || md5((-n)::text),
  md5((n / 8)::text), 'run-' || n, 'pacenote', 'Task ' || n / 8, '', 'desk',
  'policy-' || n %% 12, n %% 3 > 0, 'terminated', '{}', %(steps)s,
  now() - make_interval(secs => (%(episodes)s - n) * 30)
FROM generate_series(1, %(episodes)s) AS n"""
_STEPS = """
INSERT INTO webapp_step (episode_id, index, content_hash, agent, kind, observation,
  thought, text, calls)
SELECT e.id, i, e.content_hash, '', 'message', '', '', 'Step ' || i, '[]'
FROM webapp_episode AS e, generate_series(0, e.step_count - 1) AS i"""
_SCORES = """
INSERT INTO webapp_score (episode_id, spec_id, reward_model_id, inputs_sha256, valid,
  total, final, process, auxiliary, social, gate, body, created_at, is_latest)
SELECT id, %(spec)s, %(model)s, '', true, f + p + a, f, p, a, 0, 0, '{}', created_at,
  true
FROM (SELECT id, created_at, CASE WHEN success THEN 0.6 ELSE -0.6 END AS f,
  -0.2 * random() AS p, -0.1 * random() AS a FROM webapp_episode) AS e"""


def main() -> None:
    arguments = _parser().parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    started = time.perf_counter()
    client, slug = filled(arguments.episodes, arguments.steps)
    print(f"{arguments.episodes} episodes in {time.perf_counter() - started:.0f} s")
    pages = (f"/projects/{slug}/rewards/", f"/projects/{slug}/rewards/episodes/")
    for path in (*pages, f"/projects/{slug}/episodes/", "/"):
        print(path, timed(client, path), flush=True)


def filled(episodes: int, steps: int) -> tuple[Any, str]:
    """A signed-in client, and the slug of the project it may see."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    from webapp.models import RewardModel
    from webapp.services import projects

    owner = User.objects.create_superuser("dashboards")
    project = projects.create("Dashboards", owner=owner)
    model = RewardModel.objects.create(
        project=project, version=1, sha256="0" * 64, state="champion"
    )
    values = {"project": project.pk, "spec": project.spec_id, "model": model.pk}
    values |= {"episodes": episodes, "steps": steps}
    with connection.cursor() as cursor:
        for statement in (_EPISODES, _STEPS, _SCORES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    client = Client()
    client.force_login(owner)
    return client, project.slug


def timed(client: Any, path: str) -> dict[str, Any]:
    """Milliseconds of the first answer, the median and the worst of the others."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        first = _once(client, path)
        asked = len(queries)  # the next request forgets them
    others = [_once(client, path) for _ in range(ROUNDS)]
    return {
        "first_ms": round(first),
        "median_ms": round(statistics.median(others)),
        "max_ms": round(max(others)),
        "queries": asked,
        "load": os.getloadavg()[0],
    }


def _once(client: Any, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path, headers={"host": "localhost"})
    assert answer.status_code == 200, (path, answer.status_code)
    return (time.perf_counter() - started) * 1000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--steps", type=int, default=STEPS)
    return parser


if __name__ == "__main__":
    main()
