"""The WSGI entry point gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
application = get_wsgi_application()
# every view is loaded here, once, and not by each forked worker's first request
get_resolver().url_patterns  # noqa: B018
# What is loaded by now stays for good: the collector needn't walk it again and again
# while requests are answered, nor the forked workers copy its pages for that.
gc.collect()
gc.freeze()
