"""Many rows of one table at once: COPY where the database has it, else INSERT."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import JSONField, Model

M = TypeVar("M", bound=Model)

# rows a statement, where rows are inserted
BATCH = 500


def insert(model: type[M], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows whose values stand in the order of `names`, the model's attributes, in
    the transaction that is open. Nothing is checked and no default is filled in: a
    column that isn't named must have a value of the database's own.

    Raises:
        IntegrityError: a row breaks a constraint, now or when the transaction ends.
    """
    if connection.vendor == "postgresql":
        _copy(model, names, rows)
    else:
        made = (model(**dict(zip(names, row, strict=True))) for row in rows)
        model._default_manager.bulk_create(made, batch_size=BATCH)


def _copy(
    model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Rows as a stream, without a statement's parameters to quote, parse and plan:
    several times the speed of INSERT."""
    columns = {field.attname: field for field in model._meta.concrete_fields}
    quoted = ", ".join(
        connection.ops.quote_name(str(columns[name].column)) for name in names
    )
    table = connection.ops.quote_name(model._meta.db_table)
    as_json = [isinstance(columns[name], JSONField) for name in names]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(
                [
                    json.dumps(value) if is_json and value is not None else value
                    for value, is_json in zip(row, as_json, strict=True)
                ]
            )
