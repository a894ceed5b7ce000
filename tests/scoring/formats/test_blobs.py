"""Base64 leaves the texts, wherever a format keeps it; its bytes go beside them."""

import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from scoring.formats import RowError, read
from scoring.formats.blobs import MAX_BYTES, MAX_COUNT, taken_out
from scoring.schema import Blob, Episode


def picture(kind: str = "PNG", size: tuple[int, int] = (24, 16)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (29, 79, 145)).save(file, kind)
    return file.getvalue()


PNG = picture()
NAME = f"sha256:{sha256(PNG).hexdigest()}"
BASE64 = b64encode(PNG).decode()
URL = f"data:image/png;base64,{BASE64}"


def only(record: Any) -> Episode:
    [episode] = read(BytesIO(json.dumps(record).encode()))
    assert isinstance(episode, Episode)
    return episode


def chat(*seen: Any) -> dict[str, Any]:
    """A run that opens with an answer and then sees something."""
    turns = [{"role": "user", "content": "Look."}]
    for content in seen:
        turns += [{"role": "assistant", "content": "On it."}]
        turns += [{"role": "user", "content": content}]
    return {"messages": [*turns, {"role": "assistant", "content": "A square."}]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([{"type": "image_url", "image_url": {"url": URL}}], id="openai"),
        pytest.param([{"type": "input_image", "image_url": URL}], id="responses"),
        pytest.param(
            [{"type": "image", "source": {"type": "base64", "data": BASE64}}],
            id="anthropic",
        ),
        pytest.param([{"type": "image", "data": BASE64}], id="bare"),
        pytest.param(f"a page ![shot]({URL}) in Markdown", id="markdown"),
        pytest.param(json.dumps({"screenshot": URL}), id="json in text"),
        pytest.param(
            f"data:image/png;charset=utf-8;base64,{BASE64}", id="with a parameter"
        ),
    ],
)
def test_an_image_leaves_the_text_and_goes_beside_it(content: Any) -> None:
    episode = only(chat(content))

    assert NAME in episode.steps[1].observation
    assert BASE64 not in json.dumps(episode.to_dict())
    assert [blob.data for blob in episode.blobs] == [PNG]


def test_a_part_is_named_by_its_type_and_its_bytes() -> None:
    episode = only(chat([{"type": "image_url", "image_url": {"url": URL}}]))

    assert episode.steps[1].observation == f"[image_url {NAME}]"
    assert episode.blobs == (Blob(NAME.removeprefix("sha256:"), PNG, "image/png"),)


def test_one_image_seen_twice_is_one_blob_and_columns_are_emptied_too() -> None:
    row = {**chat(URL, URL), "screenshot": URL}

    episode = only(row)

    assert len(episode.blobs) == 1
    assert episode.meta["columns"]["screenshot"] == NAME


def test_each_episode_of_a_row_has_its_own() -> None:
    other = picture(size=(5, 5))
    rows = [chat(URL), chat(f"data:image/png;base64,{b64encode(other).decode()}")]

    found = list(read(BytesIO(json.dumps(rows).encode())))

    assert [[b.data for b in e.blobs] for e in found if isinstance(e, Episode)] == [
        [PNG],
        [other],
    ]


def test_blobs_are_no_part_of_an_episodes_json_or_identity() -> None:
    episode = only(chat(URL))
    again = Episode.from_dict(episode.to_dict())

    assert episode.blobs
    assert not again.blobs
    assert again == episode
    assert again.content_hash() == episode.content_hash()


def test_a_name_alone_brings_nothing() -> None:
    assert only(chat(f"I claim {NAME}")).blobs == ()


def test_base64_for_addresses_is_read_too() -> None:
    data = bytes(range(256))
    value = f"data:application/x;base64,{urlsafe_b64encode(data).decode()}"
    into: dict[str, Blob] = {}

    assert taken_out(value, into) == f"sha256:{sha256(data).hexdigest()}"
    assert [blob.data for blob in into.values()] == [data]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "data:image/png;base64,",
        "data:image/png;base64,iVBORw0K…",
        "iVBORw0KGgo is how base64 of a PNG begins, which this text explains",
        "/9j/" + "a b" * 40,
        "https://example.org/" + "a" * 2000,
        [1, 2, 3],
        {"a": [None, True, 1.5, "x" * 100]},
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_blob_is_given_back_itself(value: Any) -> None:
    into: dict[str, Blob] = {}

    assert taken_out(value, into) is value
    assert into == {}


@pytest.mark.parametrize("cut", range(1, 5))
def test_base64_that_was_cut_gives_what_is_whole(cut: int) -> None:
    into: dict[str, Blob] = {}
    taken_out(URL[:-cut], into)

    [blob] = into.values()
    assert PNG.startswith(blob.data[:-1])
    assert len(PNG) - len(blob.data) <= 3


def test_what_there_is_no_room_for_is_said() -> None:
    urls = [
        f"data:x/y;base64,{b64encode(bytes([i % 256, i // 256]) * 40).decode()}"
        for i in range(MAX_COUNT + 3)
    ]
    episode = only(chat(" ".join(urls)))

    assert len(episode.blobs) == MAX_COUNT
    assert (
        "3 images or files are not kept: too many, or too large"
        in (episode.meta["warnings"])
    )
    assert ";base64," not in episode.steps[1].observation


def test_bytes_beyond_the_limit_are_not_kept() -> None:
    data = b64encode(b"x" * (MAX_BYTES + 1)).decode()

    assert only(chat(f"data:x/y;base64,{data}")).blobs == ()


def test_real_files_hold_no_base64_when_they_are_read(samples: Any) -> None:
    for name in (
        "sharegpt/glaive_toolcall_en_demo.first150.json",
        "webarena_browsergym/nnetnav_live_sample_raw.json",
        "inspect/log__test_eval_log__log_images.json",
    ):
        with (samples / name).open("rb") as stream:
            found = [e for e in read(stream) if not isinstance(e, RowError)]
        assert any(episode.blobs for episode in found), name
        assert not [e for e in found if ";base64," in json.dumps(e.to_dict())]
