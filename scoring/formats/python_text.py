"""Python literals in text, as logs that print their objects hold them."""

import ast
import json
import warnings
from typing import Any

from scoring import strictjson
from scoring.errors import UnreadableFile


def literal(text: str) -> Any:
    """What a Python literal says, as plain JSON; None where it is anything else.
    Nothing is ever evaluated but literals."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return strictjson.loads(json.dumps(ast.literal_eval(text)))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    except UnreadableFile:
        return None
