"""The table of keys, and what speaks of it."""

import re
from collections import Counter

from django.conf import settings

from webapp.views.keys import BINDINGS, NAMES, table

MANUAL = settings.BASE_DIR / "docs" / "labelling.md"
SCRIPT = settings.BASE_DIR / "webapp" / "static" / "webapp" / "js" / "workspace.js"


def test_no_key_means_two_things() -> None:
    counted = Counter(key for binding in BINDINGS for key in binding.keys)

    assert set(counted.values()) == {1}


def test_the_manual_lists_the_keys_there_are() -> None:
    rows = re.findall(r"^\| (`.+?`) \| (.+?) \|$", MANUAL.read_text(), re.MULTILINE)
    documented = {
        (tuple(re.findall(r"`(.+?)`", keys)), does.replace("\\", ""))
        for keys, does in rows
    }

    assert documented == {
        (tuple(NAMES.get(key, key) for key in binding.keys), str(binding.does))
        for binding in BINDINGS
    }


def test_the_script_knows_every_action() -> None:
    actions = SCRIPT.read_text().split("const actions = {")[1].split("};")[0]
    known = set(re.findall(r"^  (\w+)[:,]", actions, re.MULTILINE))

    assert known == {bound["action"] for bound in table().values()}
