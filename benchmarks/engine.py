"""The scorer's models and engine without lanes or HTTP: lines of episodes on stdin."""

import json
import sys

from scoring.schema import Episode


def main(sha256: str) -> None:
    import django

    django.setup()
    from workers.serving import load_heads

    heads = load_heads()
    heads.predict(sha256, [])
    for line in sys.stdin:
        heads.predict(sha256, [Episode.from_dict(row) for row in json.loads(line)])
        print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
