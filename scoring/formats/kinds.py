"""The kind of a step, inferred from the names of the tools it calls.

The table is read top to bottom; a step is of a kind when all its calls are. Anything
else is a tool step, or what `schema.infer_kind` says of a step without calls.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from scoring.schema import Call, infer_kind

RULES = (
    ("memory", r"memor|remember|recall|archival|conversation_search|note"),
    ("planning", r"todo|(?:^|[_.-])plan|planning|decompose|write(?:prd|design|tasks)"),
    ("reflection", r"reflect|critique|self_review"),
    ("reasoning", r"^think|(?:^|_)think(?:ing)?$|scratchpad"),
    ("perception", r"screenshot|observe|view_image|look_at|take_snapshot"),
    (
        "message",
        r"send_message|^respond$|^reply|ask_user|^finish|^final_answer$|^submit$",
    ),
)
_RULES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in RULES)


def kind_of(calls: Sequence[Call], thought: str, text: str) -> str:
    kinds = {_kind_of_tool(call.name) for call in calls}
    return kinds.pop() if len(kinds) == 1 else infer_kind(calls, thought, text)


@lru_cache(maxsize=4096)
def _kind_of_tool(name: str) -> str:
    return next((kind for kind, rule in _RULES if rule.search(name)), "tool")
