"""`python -m workers.spare ARGUMENTS`: a scorer's successor, waiting to be needed.

It imports all that a scorer imports, which takes longer than all else a scorer does
before its first answer, and begins nothing: no weights, no broker, no database. A line
on its standard input turns it into `celery ARGUMENTS`; the end of that input ends it.
"""

import sys

import django


def main() -> None:
    django.setup()
    _import_all()
    if sys.stdin.readline():
        from celery.__main__ import main as celery

        sys.argv[0] = "celery"
        celery()


def _import_all() -> None:
    import torch
    from django.conf import settings
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    from scoring.prm import backbone
    from workers import jobs, serving  # noqa: F401

    # the classes of the language model are found by its files, so they are asked for
    # one without weights
    files = backbone.folder(settings.BACKBONE or None, settings.DATA_DIR)
    with torch.device("meta"):
        AutoModel.from_config(AutoConfig.from_pretrained(files))
    AutoTokenizer.from_pretrained(files, trust_remote_code=False)


if __name__ == "__main__":
    main()
