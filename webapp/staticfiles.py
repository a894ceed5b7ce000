"""Hashed file names for static files, the imports of our own ES modules included."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_, _IMPORTS = ManifestStaticFilesStorage._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    # not `support_js_module_import_aggregation`: it would read every script, and
    # third parties import names that only their bundlers know
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("webapp/*.js", _IMPORTS),
    )
    # third-party style sheets name source maps they don't ship
    manifest_strict = False
