"""Text to rows: JSON Lines, a JSON list, concatenated documents or plain lines.

Memory is bounded by the largest single row (MAX_ROW), never by the file. A list is read
element by element and each element goes through strictjson, so one bad element costs
one row. A document that was cut in the middle gives what was whole.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scoring import strictjson
from scoring.errors import UnreadableFile
from scoring.formats.format import RowError

MAX_ROW = 64 << 20
SHAPE_LINES = 20

_SEPARATORS = re.compile(r"[\s,\x1e]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]|"', re.DOTALL)
# a log may begin with a bracket, too: "[INFO] ", "[2026-01-01 …] "
_JSON = re.compile(r'\s*(?:[{"]|\[\s*(?:[{\["\]]|-?[\d.eE+-]+\s*[,\]]|\w+\s*,|\Z))')
_EVENT_STREAM = re.compile(r"\s*(?:(?::|event:|id:|retry:)[^\n]*\s+)*data:\s*[{\[]")
_COMMENTS = ("//", "/*")
_COMMENT = re.compile(
    r'(?P<text>"(?:[^"\\]++|\\.)*+")|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL
)
_CUT = "the file is cut in the middle of this record"
_TOO_LONG = f"a record longer than {MAX_ROW >> 20} million characters"


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON value, `size` characters long. `truncated`: the file ended inside it and
    `value` is the part that was whole. `mended`: characters that no text may hold were
    replaced."""

    value: Any
    line: int
    size: int
    truncated: bool = False
    mended: bool = False


Rows = Iterator[Row | RowError]


class Window:
    """The part of a long text that is being looked at; moves forward only."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0
        self.line = 1

    def grow(self) -> bool:
        """Drop what was passed and double what is left. False at the end."""
        parts = [self.text[self.at :]]
        wanted = max(len(parts[0]), 1)
        while wanted > 0 and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            wanted -= len(chunk)
        self.text, self.at = "".join(parts), 0
        return any(parts[1:])

    def pass_over(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def next_character(self, skip: re.Pattern[str]) -> str:
        """The next character that isn't skipped, without passing it; "" at the end."""
        while True:
            self.pass_over(skip.match(self.text, self.at).end())  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""


def is_json(head: str) -> bool:
    plain = bool(_JSON.match(head)) or _is_json_lines(head)
    return plain or _is_event_stream(head)


def json_rows(window: Window) -> Rows:
    """The rows of a window whose head is JSON."""
    if _is_event_stream(window.text):
        return _lines(text_lines(window), _event_data)
    if _is_json_lines(window.text):
        return _lines(text_lines(window), str.strip)
    return _values(window)


def text_lines(window: Window) -> Iterator[tuple[int, str]]:
    """Each line with its number, without its line break."""
    while True:
        end = window.text.find("\n", window.at)
        if end >= 0:
            number, line = window.line, window.text[window.at : end]
            window.pass_over(end + 1)
            yield number, line
        elif not window.grow():
            yield window.line, window.text[window.at :]
            return
        elif len(window.text) > MAX_ROW and "\n" not in window.text:
            raise UnreadableFile(_TOO_LONG, line=window.line)


def _is_json_lines(head: str) -> bool:
    lines = [line for line in head.split("\n") if line.strip()][:SHAPE_LINES]
    whole = sum(_is_one_value(line.strip()) for line in lines)
    return len(lines) > 1 and whole * 2 >= len(lines)


def _is_one_value(line: str) -> bool:
    return len(line) > 2 and line[0] + line[-1] in ("{}", "[]", '""')


def _is_event_stream(head: str) -> bool:
    """Server-sent events, as a client that logs the bytes of an answer keeps them."""
    return bool(_EVENT_STREAM.match(head))


def _event_data(line: str) -> str:
    """The data of a line; other fields of an event hold nothing of the answer."""
    name, _, data = line.strip().partition(":")
    return data.strip() if name == "data" and data.strip() != "[DONE]" else ""


def _lines(numbered: Iterator[tuple[int, str]], inside: Callable[[str], str]) -> Rows:
    lines = ((n, text) for n, line in numbered if (text := inside(line)))
    current = next(lines, None)
    while current is not None:
        number, line = current
        current = next(lines, None)
        try:
            yield _row(_parsed(line), number, len(line))
        except UnreadableFile as error:
            if current is None and not _is_one_value(line.strip()):
                yield RowError(number, _CUT, truncated=True)
            else:
                yield RowError(number, error.detail)


def _values(window: Window) -> Rows:
    in_list = False
    while character := window.next_character(_SEPARATORS):
        if character == ("]" if in_list else "["):
            in_list = not in_list
            window.pass_over(window.at + 1)
            continue
        line, start = window.line, window.at
        try:
            value, end = _decode(window, _decode_at)
            row = _row(value, line, end - start)
        except UnreadableFile as error:
            yield RowError(line, error.detail)
            if _skip(window):
                continue
            return
        except json.JSONDecodeError as error:
            yield _broken(window, error, in_list)
            return
        window.pass_over(end)
        yield row
    if in_list:
        yield RowError(
            window.line, "the file ends before its list does", truncated=True
        )


_Decode = Callable[[str, int], tuple[Any, int]]


def _decode(window: Window, decode: _Decode) -> tuple[Any, int]:
    """Decode the value at hand, reading on until all of it is in the window."""
    while True:
        try:
            return decode(window.text, window.at)
        except json.JSONDecodeError as error:
            too_long = len(window.text) - window.at > MAX_ROW
            if too_long or not _is_cut(error) or not window.grow():
                raise


def _is_cut(error: json.JSONDecodeError) -> bool:
    # 12: the longest token that isn't a string is half of a surrogate pair's escapes
    return error.msg.startswith("Unterminated") or error.pos + 12 >= len(error.doc)


def _skip(window: Window) -> bool:
    """Pass over a value that is JSON but refused. False where even that fails."""
    try:
        _, end = _decode(window, _LENIENT.raw_decode)
    except (json.JSONDecodeError, RecursionError):
        return False
    window.pass_over(end)
    return True


def _broken(
    window: Window, error: json.JSONDecodeError, in_list: bool
) -> Row | RowError:
    text = window.text[window.at :]
    if len(text) > MAX_ROW:
        return RowError(window.line, _TOO_LONG)
    if not in_list and text.startswith(_COMMENTS, error.pos - window.at):
        return _without_comments(text, window.line)
    if not _is_cut(error):
        line = window.line + window.text.count("\n", window.at, error.pos)
        return RowError(line, f"not valid JSON: {error.msg}; the rest was not read")
    if in_list:
        return RowError(window.line, _CUT, truncated=True)
    try:
        return Row(strictjson.loads(mended(text)), window.line, len(text), True)
    except UnreadableFile:
        return RowError(window.line, _CUT, truncated=True)


def _without_comments(text: str, line: int) -> Row | RowError:
    """A document that somebody explained, as a README does."""
    plain = _COMMENT.sub(lambda found: found["text"] or " ", text)
    try:
        return _row(_parsed(plain), line, len(text))
    except UnreadableFile as error:
        return RowError(error.line, error.detail)


def mended(text: str) -> str:
    """A JSON document that was cut, up to its last whole object or list."""
    whole, closers, open_now = 0, "", ""
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign == '"' or len(open_now) > strictjson.MAX_DEPTH:
            break
        if sign in ("{", "["):
            open_now = ("}" if sign == "{" else "]") + open_now
        elif sign in ("}", "]"):
            open_now = open_now[1:]
            whole, closers = token.end(), open_now
    return text[:whole] + closers


def _row(read: tuple[Any, bool], line: int, size: int) -> Row:
    """Some exports are JSON text inside a JSON string, even twice over."""
    value, mended = read
    for _ in range(2):
        if not (isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"')):
            break
        value, inner = _parsed(value)
        mended = mended or inner
    return Row(value, line, size, mended=mended)


def _parsed(text: str) -> tuple[Any, bool]:
    """The value of a text, and whether bad characters in it were replaced."""
    try:
        return strictjson.loads(text), False
    except strictjson.BadText as error:
        return strictjson.mended(error.value), True


def _decode_at(text: str, start: int) -> tuple[tuple[Any, bool], int]:
    try:
        value, end = strictjson.decode_at(text, start)
        return (value, False), end
    except strictjson.BadText as error:
        return (strictjson.mended(error.value), True), error.end


_LENIENT = json.JSONDecoder(parse_int=str, parse_float=str)
