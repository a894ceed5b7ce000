"""What a dead replica leaves: those that live take it up."""

import logging

from webapp import replicas
from webapp.lanes import Lanes

log = logging.getLogger(__name__)

# longer ago nobody waits any more for what it left
MEMORY_SECONDS = 3600.0


def adopt(heir: Lanes) -> int:
    """Take over the requests of replicas that gave no sign of late; how many.

    A replica that only seemed dead answers what it had taken a second time, which its
    caller doesn't notice.
    """
    names = set(replicas.seen(MEMORY_SECONDS))
    dead = names - set(replicas.signs(names)) - {heir.replica}
    return sum(_take_over(Lanes(heir.broker, name), heir) for name in dead)


def _take_over(dead: Lanes, heir: Lanes) -> int:
    dead.hang_up()
    dead.put_back(dead.taken().values())
    count = dead.hand_over(heir)
    if count:
        log.warning("took over %d requests from %s", count, dead.replica)
    return count
