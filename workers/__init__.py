"""Celery workers: everything that takes longer than a request, and the scorer."""
