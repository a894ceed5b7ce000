"""Texts that would do harm on a careless page, and an episode made of nothing else."""

from typing import Any

from scoring import schema
from webapp.models import Episode, Project
from webapp.services import episodes

SCRIPT = "<script>window.pwned=1</script>"
IMAGE = '"><img src=x onerror="window.pwned=1">'
TEMPLATE = "{{ request.user.password }}{% csrf_token %}"
CLOSING = "</textarea></pre></details></article><h1>gone</h1>"
RTL = "\u202eelif eht eteled\u202c"
ZALGO = "Z" + "\u0351\u0363\u035b" * 200
ALL = (SCRIPT, IMAGE, TEMPLATE, CLOSING, RTL, ZALGO)
EVERYTHING = " ".join(ALL)


def stored(project: Project, **body: Any) -> Episode:
    run = schema.Episode.from_dict(body)
    episodes.create_many(project, [run], source_format="pacenote")
    return project.episodes.get(content_hash=run.content_hash())


def poisoned(project: Project) -> Episode:
    """Every text there is, in every field that takes one."""
    bad = EVERYTHING
    call: dict[str, Any] = {"name": bad, "arguments": {bad: bad}, "result": bad}
    step = {"text": bad, "thought": bad, "observation": bad, "agent": bad, "error": bad}
    return stored(
        project,
        id=bad,
        task=bad,
        system=bad,
        agent=bad,
        outcome={"answer": bad, "reference": bad},
        steps=[{**step, "calls": [call, {**call, "arguments": bad}]}],
    )
