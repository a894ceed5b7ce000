"""The client of the broker's Redis: one pooled client a process."""

from functools import cache

import redis
from django.conf import settings


@cache
def broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=0.5,
        health_check_interval=30,
    )
