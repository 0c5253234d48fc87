"""The Celery application: `celery -A almagest_workers.app worker -Q keras`.

One queue for each runtime, each with workers of its own: torch and TensorFlow slow each other down in one process. Pools
are prefork, which is safe because the parent only ever waits: libraries of machine learning are imported in the child, by
the plugin's own modules, when a task needs them.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almagest.settings")
django.setup()

from celery import Celery  # noqa: E402
from celery.signals import worker_ready  # noqa: E402
from django.conf import settings  # noqa: E402

from almagest.runs.queue import EXPIRES_SECONDS, QUEUES, REAP_TASK  # noqa: E402

app = Celery("almagest", include=["almagest_workers.tasks"])
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Messages only wake workers: one that is lost, doubled or late is made good by the ledger in the database.
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    task_default_queue=QUEUES[0],
    timezone="UTC",
    beat_schedule={
        "reap": {
            "task": REAP_TASK,
            # Kept in the database, in whole seconds.
            "schedule": max(1, round(settings.REAP_SECONDS)),
            "options": {"queue": QUEUES[0], "expires": EXPIRES_SECONDS},
        }
    },
    # Schedules are rows, so that policies are edited while beat runs.
    beat_scheduler="almagest_workers.beat:Scheduler",
    beat_max_loop_interval=max(1, round(settings.REAP_SECONDS)),
)


@worker_ready.connect
def write_plugins_down(sender, **kwargs) -> None:
    """A worker that starts writes down which plugins there are: the web reads rows, never plugins."""
    from almagest_workers.sync import sync_plugins  # noqa: PLC0415  (rooms are importable only after django.setup)

    sync_plugins()
