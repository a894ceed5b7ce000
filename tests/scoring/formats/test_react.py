from io import BytesIO

from scoring.formats import open_file, read

LOG = """\
########################################
BEGIN TRIAL 2
------------- BEGIN CORRECT AGENTS -------------

Question: Which river runs through Porto?
Thought 1: I need to search Porto.
Action 1: Search[Porto]
Observation 1: Porto lies on the Douro.
It is old.
Thought 2: The Douro.
Action 2: Finish[Douro]
Observation 2: Answer is CORRECT
Correct answer: Douro

------------- BEGIN HALTED AGENTS --------------

Question: Which river runs through Faro?
Thought 1: Search [Faro].
Action 1: Search[Faro [city]]
Observation 1: Nothing found.
Correct answer: none

Question: Which river runs through Braga?
Thought 1: I need to sea"""

LANGCHAIN = """\
Question: the input question
Thought: think
Action: the action
Begin!

Question: How many days has a leap year?
Thought: Ask the calendar.
Action: calendar
Action Input: {"year": 2024}
Observation: 366
Thought: I now know the final answer
Final Answer: 366
"""


def episodes(text: str):
    return list(read(BytesIO(text.encode())))


def test_each_question_is_an_episode_and_each_thought_with_its_action_a_step():
    first = episodes(LOG)[0]
    search, finish = first.steps
    assert first.task == "Which river runs through Porto?"
    assert (search.thought, search.calls[0].name) == (
        "I need to search Porto.",
        "Search",
    )
    assert search.calls[0].result == "Porto lies on the Douro.\nIt is old."
    assert finish.calls[0].arguments == "Douro"


def test_the_verdict_of_the_environment_is_outcome_and_not_text():
    first = episodes(LOG)[0]
    assert first.outcome.success is True
    assert (first.outcome.answer, first.outcome.reference) == ("Douro", "Douro")
    assert "CORRECT" not in str(first.steps)


def test_square_brackets_in_arguments_stay():
    assert episodes(LOG)[1].steps[0].calls[0].arguments == "Faro [city]"


def test_a_halted_agent_ran_out_of_steps():
    halted = episodes(LOG)[1]
    assert (halted.ended, halted.outcome.success) == ("truncated", None)
    assert halted.meta["columns"] == {"group": "halted", "trial": "2"}


def test_a_record_cut_by_the_end_of_the_file_is_imported_and_flagged():
    cut = episodes(LOG)[2]
    assert (cut.ended, cut.steps[0].thought) == ("truncated", "I need to sea")


def test_langchain_text_is_read_and_its_template_is_not():
    [episode] = episodes(LANGCHAIN)
    [call] = episode.steps[0].calls
    assert (call.name, call.arguments, call.result) == (
        "calendar",
        {"year": 2024},
        "366",
    )
    assert episode.outcome.answer == "366"
    assert episode.ended == "terminated"


def test_colours_of_a_terminal_are_taken_off():
    coloured = "\x1b[32mQuestion: Why?\x1b[0m\nThought: So.\nAction: Finish[so]\n"
    assert open_file(BytesIO(coloured.encode())).format.name == "react"
    assert episodes(coloured)[0].task == "Why?"
