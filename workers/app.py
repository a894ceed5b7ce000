"""The bare Celery app: no task, no model, so that the web can send by name.

The database row is the job; a message is only a wake-up that carries its id. Losing,
repeating or reordering messages is therefore harmless, and nothing here asks the broker
to remember more than that.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

app = Celery("pacenote", set_as_current=True)
app.config_from_object("workers.config")
