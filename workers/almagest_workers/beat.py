"""Beat's schedules, which outlive an absence of the database they are kept in."""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django_celery_beat.schedulers import DatabaseScheduler

logger = logging.getLogger(__name__)


class Scheduler(DatabaseScheduler):
    """Schedules are rows. While the database is away, those that it gave last are kept to: beat need not end with it."""

    def all_as_schedule(self) -> dict:
        """All schedules as the database has them now, or had them last."""
        try:
            return super().all_as_schedule()
        except (InterfaceError, OperationalError) as error:
            if self._schedule is None:
                raise
            logger.warning("the database gives no schedules (%s); the last ones hold until it does", error)
            # Else they would be read again when one is changed, or after five minutes.
            self._last_full_sync = datetime.min
            return self._schedule
