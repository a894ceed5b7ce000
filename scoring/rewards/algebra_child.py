"""The process behind `algebra.py`: a JSON pair a line in, 1.0, 0.0 or null a line out.

Run by its path, alone: it imports nothing of ours, and math-verify (with sympy) is
imported nowhere else.
"""

import json
import re
import resource
import sys

MEMORY = 1 << 30

# a sentence, or mathematics that is already marked as such
_MARKED = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3}|\$|\\boxed|\\[(\[]")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from math_verify import parse, verify

    def read(text: str) -> list[object]:
        # of bare LaTeX, only a number in it would be recognised
        forms = [text] if _MARKED.search(text) else [f"${text}$", text]
        found = (parse(form, parsing_timeout=None) for form in forms)
        return next(filter(None, found), [])

    say("ready")
    for line in sys.stdin:
        answer, reference = json.loads(line)
        wanted = read(reference)
        verdict = None
        if wanted:
            verdict = float(verify(wanted, read(answer), timeout_seconds=None))
        say(json.dumps(verdict))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
