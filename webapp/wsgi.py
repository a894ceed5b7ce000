"""The WSGI entry point gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
application = get_wsgi_application()
# every view is loaded here, once, and not by each forked worker's first request
get_resolver().url_patterns  # noqa: B018
