"""Celery's options, each with the outage it prevents (docs/operations.md)."""

from django.conf import settings

broker_url = settings.REDIS_URL
include = ["workers.jobs", "workers.steps"]

# A publish to a dead broker must cost a web request about a second, not 40.
broker_connection_timeout = 1
broker_transport_options = {
    # A wake-up is acknowledged within milliseconds; one lost with its worker comes
    # back after this, not after Celery's default hour.
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5,
    "max_retries": 1,
}
broker_connection_retry_on_startup = True
task_publish_retry_policy = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}

# Long work runs under a lease in the database, off the broker's acknowledgement clock.
task_acks_late = False
task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
# One message at a time: a worker busy training must not hoard imports.
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False

task_default_queue = "jobs"
