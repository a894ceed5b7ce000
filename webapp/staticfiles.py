"""Hashed file names for static files, ES modules' imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    # third-party style sheets name source maps they don't ship
    manifest_strict = False
