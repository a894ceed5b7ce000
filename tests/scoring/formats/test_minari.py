import io

import h5py
import pytest

from scoring.formats import RowError, open_file, read


def episode(file, name, **arrays):
    group = file.create_group(name)
    group.attrs["seed"] = 7
    known = {"actions": [0, 1], "rewards": [0.5, 1.0], "truncations": [False, True]}
    for key, values in {**known, **arrays}.items():
        group[key] = values


def stored(write):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        write(file)
    stream.seek(0)
    return stream


def test_every_action_is_a_step_with_its_reward():
    stream = stored(
        lambda file: episode(file, "episode_0", observations=[[1], [2], [3]])
    )
    reading = open_file(stream)
    [run] = reading.episodes
    assert (reading.format.name, run.id, run.ended) == (
        "minari",
        "episode_0",
        "truncated",
    )
    assert [step.observation for step in run.steps] == ["[1]", "[2]"]
    assert [(s.calls[0].arguments, s.reward) for s in run.steps] == [
        ("0", 0.5),
        ("1", 1.0),
    ]
    assert run.meta["heard_after_the_end"] == ["[3]"]
    assert run.meta["columns"] == {"seed": 7}


def test_episodes_come_in_order_of_their_numbers():
    names = ["episode_10", "episode_9"]
    stream = stored(lambda file: [episode(file, name) for name in names])
    assert [run.id for run in read(stream)] == ["episode_9", "episode_10"]


def test_dict_spaces_and_texts_are_json():
    def write(file):
        episode(file, "episode_0")
        seen = file["episode_0"].create_group("observations")
        seen["place"] = [b"quay", b"boat", b"sea"]
        seen["depth"] = [1.5, 2.5, float("nan")]

    [run] = read(stored(write))
    assert run.steps[0].observation == '{"depth": 1.5, "place": "quay"}'


def test_an_image_comes_in_by_its_shape():
    def write(file):
        episode(file, "episode_0")
        file["episode_0"].create_dataset("observations", shape=(3, 64, 64), dtype="u1")

    [run] = read(stored(write))
    assert run.steps[0].observation == '"[array (64, 64) of uint8]"'


def test_flat_arrays_are_cut_where_a_run_ends():
    def write(file):
        file["observations"] = [[0], [1], [2], [3]]
        file["actions"] = [5, 6, 7, 8]
        file["rewards"] = [0.0, 1.0, 0.0, 0.0]
        file["terminals"] = [False, True, False, False]
        file["timeouts"] = [False, False, False, True]

    first, second = read(stored(write))
    assert (len(first.steps), first.ended) == (2, "terminated")
    assert (len(second.steps), second.ended) == (2, "truncated")
    assert second.steps[0].observation == "[2]"


@pytest.mark.parametrize(
    "link",
    [h5py.ExternalLink("/etc/hostname", "/x"), h5py.SoftLink("/elsewhere")],
    ids=["external", "soft"],
)
def test_a_link_is_refused_and_the_rest_is_read(link):
    def write(file):
        episode(file, "episode_0")
        file["episode_1"] = link

    good, bad = read(stored(write))
    assert len(good.steps) == 2
    assert isinstance(bad, RowError)
    assert "a link to something else" in bad.detail


def test_data_kept_in_another_file_is_refused(tmp_path):
    def write(file):
        group = file.create_group("episode_0")
        where = [(str(tmp_path / "raw"), 0, 16)]
        group.create_dataset("rewards", shape=(2,), dtype="f8", external=where)

    [error] = read(stored(write))
    assert "keeps its data in another file" in error.detail


@pytest.mark.parametrize("length", [8, 40, 700, 1500])
def test_a_cut_file_is_an_error_and_no_crash(length):
    whole = stored(lambda file: episode(file, "episode_0")).getvalue()
    [error] = read(io.BytesIO(whole[:length]))
    assert "a broken HDF5 file" in error.detail


def test_a_type_without_data_is_refused():
    def write(file):
        file.create_group("episode_0")["rewards"] = h5py.h5t.NATIVE_INT32.dtype

    [error] = read(stored(write))
    assert error.detail == "'rewards' is a type and holds no data"
