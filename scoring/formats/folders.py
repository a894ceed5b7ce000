"""Runs that are written as a folder of files, found by the names in an archive.

    OpenHands V0    events/<n>.json, metadata.json
    OpenHands V1    events/event-<n>-<id>.json, base_state.json
    OpenCode        session/<project>/<id>.json, message/<session>/…, part/…
    Harbor          agent/trajectory.json, result.json
    Claude Code     <session>.jsonl, <session>/subagents/agent-<id>.jsonl
    Terminal-Bench  agent-logs/episode-<n>/{prompt.txt, response.*}, results.json;
                    or panes/post-agent.txt, results.json

The files of such a run are read together; every other file stays one of its own.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from scoring import strictjson
from scoring.errors import UnreadableFile
from scoring.formats import atif, claude_code, fields, terminal_bench, terminal_pane
from scoring.formats.blobs import Blobs, taken_out
from scoring.formats.coding_agents import OPENCODE, read_opencode
from scoring.formats.format import Format, Record, RowError
from scoring.formats.openhands_v0 import OPENHANDS_V0
from scoring.formats.openhands_v1 import OPENHANDS_V1
from scoring.formats.rows import MAX_ROW
from scoring.schema import Episode

_EVENT = re.compile(r"^(?P<folder>.*/|)events/(?P<v1>event-)?(?P<n>\d+)[^/]*\.json$")
_STORED = re.compile(r"^(?P<folder>.*/|)message/(?P<session>[^/]+)/[^/]+\.json$")
_TRIAL = re.compile(r"^(?P<folder>.*/|)agent/trajectory[^/]*\.json$")
_SUB_AGENT = re.compile(r"^(?P<folder>.*/|)(?P<session>[^/]+)/subagents/[^/]+\.jsonl$")
_PANE = re.compile(r"^(?P<folder>.*/|)panes/post-agent\.txt$")
_CYCLE = re.compile(
    r"^(?P<folder>.*/|)agent-logs/episode-(?P<n>\d+)/(prompt\.txt|response\.[a-z]+)$"
)


class Files:
    """The files of one run, which together may be as large as one row."""

    def __init__(self, open_member: Callable[[str], BinaryIO]) -> None:
        self._open = open_member
        self._left = MAX_ROW
        self.blobs: Blobs = {}

    def text(self, name: str) -> str:
        data = self._open(name).read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFile(f"one run larger than {MAX_ROW >> 20} MB")
        return data.decode("utf-8", "replace")

    def value(self, name: str) -> Any:
        return taken_out(strictjson.loads(self.text(name)), self.blobs)

    def record(self, name: str) -> Record:
        return fields.record(self.value(name))

    def rows(self, name: str) -> list[Record]:
        """The objects of a JSON Lines file; a line that was cut is left out."""
        found: list[Any] = []
        for line in filter(str.strip, self.text(name).splitlines()):
            try:
                found.append(taken_out(strictjson.loads(line), self.blobs))
            except UnreadableFile:
                continue
        return fields.records(found)


@dataclass(frozen=True, slots=True)
class Run:
    """A run in `folder`, made of the files in `names`."""

    format: Format
    folder: str
    names: frozenset[str]
    read: Callable[[Files], Iterator[Episode | RowError]]


def find(names: Iterable[str]) -> list[Run]:
    """The runs among the names of an archive."""
    known = sorted(names)
    looks = (_openhands, _opencode, _harbor, _claude_code, _terminal_bench, _panes)
    return [run for look in looks for run in look(known)]


def _grouped(
    pattern: re.Pattern[str], names: Sequence[str], by: str = "folder"
) -> dict[str, list[re.Match[str]]]:
    groups: dict[str, list[re.Match[str]]] = defaultdict(list)
    for name in names:
        if found := pattern.match(name):
            groups[found["folder"] + (found[by] if by != "folder" else "")].append(
                found
            )
    return groups


def _openhands(names: Sequence[str]) -> Iterator[Run]:
    for folder, found in _grouped(_EVENT, names).items():
        found.sort(key=lambda event: int(event["n"]))
        events = [event.string for event in found]
        format = OPENHANDS_V1 if found[0]["v1"] else OPENHANDS_V0
        about = folder + ("base_state.json" if found[0]["v1"] else "metadata.json")
        beside = [about] if about in names else []

        def read(
            files: Files,
            events: list[str] = events,
            beside: list[str] = beside,
            format: Format = format,
        ) -> Iterator[Episode | RowError]:
            state = files.record(beside[0]) if beside else {}
            for episode in format.read([files.record(name) for name in events]):
                yield _described(episode, state)

        yield Run(format, folder, frozenset([*events, *beside]), read)


def _described(episode: Episode | RowError, state: Record) -> Episode | RowError:
    """An episode with what the file beside its events knows of it."""
    if isinstance(episode, RowError):
        return episode
    model = fields.record(fields.record(state.get("agent")).get("llm"))
    return replace(
        episode,
        id=fields.string(state, "id", "conversation_id"),
        model=fields.string(model, "model") or fields.string(state, "llm_model"),
        meta={**episode.meta, **({"columns": dict(state)} if state else {})},
    )


def _opencode(names: Sequence[str]) -> Iterator[Run]:
    for found in _grouped(_STORED, names, by="session").values():
        folder, session = found[0]["folder"], found[0]["session"]
        messages = [message.string for message in found]
        about = [n for n in names if n.startswith(f"{folder}session/") and session in n]
        parts = [name for name in names if name.startswith(f"{folder}part/")]

        def read(
            files: Files,
            messages: list[str] = messages,
            about: list[str] = about,
            parts: list[str] = parts,
        ) -> Iterator[Episode | RowError]:
            infos = [files.record(name) for name in messages]
            by_message = _parts(files, parts, {fields.string(m, "id") for m in infos})
            said = [
                {"info": info, "parts": by_message[fields.string(info, "id")]}
                for info in infos
            ]
            session = files.record(about[0]) if about else {}
            yield from read_opencode({"info": session, "messages": said})

        claimed = frozenset([*messages, *about, *parts])
        yield Run(OPENCODE, f"{folder}{session}", claimed, read)


def _parts(
    files: Files, names: Sequence[str], wanted: set[str]
) -> dict[str, list[Record]]:
    """Parts by their message, which their folder is named after, or they name."""
    parts: dict[str, list[Record]] = defaultdict(list)
    for name in names:
        folder = name.split("/")[-2]
        if folder in wanted or folder == "part":
            part = files.record(name)
            parts[fields.string(part, "messageID") or folder].append(part)
    return parts


def _harbor(names: Sequence[str]) -> Iterator[Run]:
    for folder, found in _grouped(_TRIAL, names).items():
        result = f"{folder}result.json"
        if result in names:
            trajectories = [one.string for one in found]

            def read(
                files: Files,
                trajectories: list[str] = trajectories,
                result: str = result,
            ) -> Iterator[Episode | RowError]:
                trial = files.record(result)
                for name in trajectories:
                    yield from atif.read_trial(files.record(name), trial)

            yield Run(atif.ATIF, folder, frozenset([*trajectories, result]), read)


def _claude_code(names: Sequence[str]) -> Iterator[Run]:
    for found in _grouped(_SUB_AGENT, names, by="session").values():
        main = f"{found[0]['folder']}{found[0]['session']}.jsonl"
        if main in names:
            agents = [agent.string for agent in found]
            about = [n for a in agents if (n := f"{a[:-6]}.meta.json") in names]

            def read(
                files: Files, main: str = main, agents: list[str] = agents
            ) -> Iterator[Episode | RowError]:
                rows = [row for name in [main, *agents] for row in files.rows(name)]
                yield from claude_code.read(rows)

            claimed = frozenset([main, *agents, *about])
            yield Run(claude_code.CLAUDE_CODE, main, claimed, read)


def _terminal_bench(names: Sequence[str]) -> Iterator[Run]:
    for folder, found in _grouped(_CYCLE, names).items():
        found.sort(key=lambda file: (int(file["n"]), file.string))
        logs = [file.string for file in found]
        beside = [n for n in [f"{folder}results.json"] if n in names]

        def read(
            files: Files, logs: list[str] = logs, beside: list[str] = beside
        ) -> Iterator[Episode | RowError]:
            result = files.record(beside[0]) if beside else {}
            texts = [(name.rsplit("/", 1)[1], files.text(name)) for name in logs]
            yield terminal_bench.episode(texts, result)

        claimed = frozenset([*logs, *beside])
        yield Run(terminal_bench.TERMINAL_BENCH, folder, claimed, read)


def _panes(names: Sequence[str]) -> Iterator[Run]:
    logged = _grouped(_CYCLE, names)
    for folder, found in _grouped(_PANE, names).items():
        pane, result = found[0].string, f"{folder}results.json"
        if result in names and folder not in logged:

            def read(
                files: Files, pane: str = pane, result: str = result
            ) -> Iterator[Episode | RowError]:
                lines = enumerate(files.text(pane).splitlines())
                about = files.record(result)
                for episode in terminal_pane.read(lines):
                    yield terminal_bench.judged(episode, about)

            claimed = frozenset([pane, result])
            yield Run(terminal_pane.TERMINAL_PANE, folder, claimed, read)
