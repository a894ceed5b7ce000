import json
from io import BytesIO

from scoring.formats import open_file

BENCH = {
    "modified_question": "2+2?",
    "original_process": ["Add.", "4."],
    "modified_process": ["Add.", "5."],
    "error_steps": [2],
    "idx": "b1",
}
LEAVES = [
    {"text": "4.", "mc_value": 1.0},
    {"text": "5.", "mc_value": 0.0, "children": []},
]
TREE = {
    "question": "2+2?",
    "question_id": "q",
    "final_answer": "4",
    "reasoning_steps": {
        "text": "2+2?",
        "mc_value": 0.5,
        "children": [
            {"text": "Add.", "mc_value": 0.5, "children": LEAVES},
            {"text": "Hm.", "mc_value": 0.25},
        ],
    },
}


def read_row(row):
    reading = open_file(BytesIO(json.dumps(row).encode()))
    return reading.format.name, list(reading.episodes)


def test_errors_that_were_put_in_are_verdicts():
    name, [episode] = read_row(BENCH)
    assert (name, episode.id, episode.meta["verdicts"]) == ("prm_bench", "b1", [1, -1])
    assert episode.meta["columns"]["original_process"] == ["Add.", "4."]


def test_each_path_of_a_tree_is_an_episode_with_its_values():
    name, episodes = read_row(TREE)
    told = [
        ([s.text for s in e.steps], e.meta["values"], e.outcome.success)
        for e in episodes
    ]
    assert (name, told) == (
        "value_tree",
        [
            (["Add.", "4."], [0.5, 1.0], True),
            (["Add.", "5."], [0.5, 0.0], False),
            (["Hm."], [0.25], None),
        ],
    )
    assert [episode.id for episode in episodes] == ["q:0", "q:1", "q:2"]


def test_prefixes_of_one_solution_are_unfolded():
    prefixes = [
        {"solution_prefix": "Add.", "mc_value": 0.5},
        {"solution_prefix": "Add. 4.", "mc_value": 1},
    ]
    _, [episode] = read_row({**TREE, "reasoning_steps": prefixes})
    assert [step.text for step in episode.steps] == ["Add.", "4."]
