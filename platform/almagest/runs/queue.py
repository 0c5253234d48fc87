"""Waking workers: tasks are sent by name, so that this side never imports what they do."""

import logging

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

QUEUES = ("data", "classical", "torch", "keras")
WORK_TASK = "almagest.work"
REAP_TASK = "almagest.reap"
RESCORE_TASK = "almagest.rescore"
# A wake-up that nobody has taken by then is dropped; the reaper sends another while there is work.
EXPIRES_SECONDS = 60

client = Celery("almagest", set_as_current=False)
client.conf.update(
    broker_url=settings.BROKER_URL,
    task_ignore_result=True,
    broker_connection_timeout=2,
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 0},
)


def wake(*, run_id: int, queue: str) -> bool:
    """Tell the workers of a queue that a run has work for them; False when the broker cannot be reached.

    Losing this message loses nothing: the work is in the database, and the reaper wakes again.
    """
    try:
        # A connection of its own: one kept from before a restart of the broker would fail at its first use.
        with client.connection_for_write() as connection:
            arguments = {"queue": queue, "connection": connection, "retry": False, "expires": EXPIRES_SECONDS}
            client.send_task(WORK_TASK, args=[run_id, queue], **arguments)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("run %s: the broker cannot be reached (%s); its workers will be woken later", run_id, error)
        return False
    return True
