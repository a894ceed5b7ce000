"""Equalities a text states, worked out: how many hold and how many do not.

Only plain numbers and + - * / ^ ( ) are read, in ASCII or the commonest LaTeX; anything
else is left alone, so a "does not hold" is rarely mistaken.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from itertools import pairwise

MAX_TEXT = 20_000  # characters looked at
MAX_SIDE = 80  # characters of one side: what is longer is no plain sum
MAX_POWER = 20
MAX_NUMBER = 1e12

_LATEX = (
    (re.compile(r"\\[dt]?frac\{([\d.]+)\}\{([\d.]+)\}"), r"(\1/\2)"),
    (re.compile(r"\\times|\\cdot|[×·]"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile(r"\\left|\\right|[\\$%]"), ""),
    (re.compile(r"(?<=\d),(?=\d{3})"), ""),
    (re.compile(r"(?<=\d) ?[xX] ?(?=[\d(])"), "*"),
    (re.compile(r"(?<=[\d)]) ?(?=\()"), "*"),
    (re.compile(r"\^"), "**"),
)
_BEFORE = re.compile(r"[-+*/() \d.]*$")
_AFTER = re.compile(r"[-+*/() \d.]*")
_BREAK = re.compile(r"[\n;]")

_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def equalities(text: str) -> tuple[int, int]:
    """(how many stated equalities hold, how many do not)."""
    holds = [
        verdict
        for line in _BREAK.split(text[:MAX_TEXT])
        if "=" in line
        for verdict in _line(line)
    ]
    return holds.count(True), holds.count(False)


def _line(line: str) -> list[bool]:
    for pattern, plain in _LATEX:
        line = pattern.sub(plain, line)
    sides = line.split("=")
    verdicts = (_holds(a, b) for a, b in pairwise(sides))
    return [verdict for verdict in verdicts if verdict is not None]


def _holds(before: str, after: str) -> bool | None:
    left = _found(_BEFORE, before[-MAX_SIDE:]).lstrip("*/). ").strip()
    right = _found(_AFTER, after[:MAX_SIDE]).rstrip("+-*/(. ").strip()
    if not any(sign in left[1:] + right[1:] for sign in "+-*/"):
        return None
    try:
        a, b = (_worked_out(ast.parse(side, mode="eval")) for side in (left, right))
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    places = len(right.rpartition(".")[2]) if "." in right else None
    rounding = 0.0 if places is None else 0.5001 * 10.0**-places
    return abs(a - b) <= max(rounding, 1e-6 * max(1.0, abs(a)))


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group() if match else ""


def _worked_out(node: ast.AST) -> float:
    match node:
        case ast.Expression(body=body):
            return _worked_out(body)
        case ast.Constant(value=int() | float() as value) if abs(value) < MAX_NUMBER:
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worked_out(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _worked_out(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_worked_out(left), _worked_out(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_worked_out(left), _worked_out(right))
    raise ValueError("not a plain sum")


def _power(base: float, exponent: float) -> float:
    if base <= 0 or base > MAX_NUMBER or abs(exponent) > MAX_POWER:
        raise ValueError("too large, or no real number")
    return float(base**exponent)
