"""Times of policies, as people write them."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celery.schedules import ParseException, crontab
from django_celery_beat.models import CrontabSchedule, IntervalSchedule

from almagest.rescoring.errors import RescoringError

EVERY = re.compile(r"every (?:(\d{1,6}) )?(second|minute|hour|day)s?", re.ASCII)
# A catalog is looked at no more often; that takes some milliseconds where nothing is stale.
LEAST_SECONDS = 10
# Characters: what a crontab's shortest column has room for.
LONGEST = 64
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
HELP = "'every 10 minutes', or a crontab of five fields with a time zone: '30 3 * * 1-5 Europe/Berlin'"


def parse_schedule(text: str) -> IntervalSchedule | CrontabSchedule:
    """An interval or a crontab, not saved yet; a crontab without a time zone is in UTC.

    Raises
    ------
    RescoringError
        When it is neither, or more often than every `LEAST_SECONDS`.
    """
    words = " ".join(text.split())
    if len(words) > LONGEST:
        raise RescoringError(f"schedule {words[:60]!r}…: give at most {LONGEST} characters; write {HELP}")
    if match := EVERY.fullmatch(words.lower()):
        number, unit = int(match[1] or 1), match[2]
        if number * SECONDS[unit] < LEAST_SECONDS:
            raise RescoringError(f"schedule {words!r}: the shortest interval is {LEAST_SECONDS} seconds")
        return IntervalSchedule(every=number, period=f"{unit}s")
    fields = words.split(" ")
    if len(fields) not in (5, 6):
        raise RescoringError(f"schedule {words[:60]!r}: write {HELP}")
    return _crontab(words, fields[:5], fields[5] if len(fields) == 6 else "UTC")


def written(schedule: IntervalSchedule | CrontabSchedule) -> str:
    """As `parse_schedule` reads it."""
    if isinstance(schedule, IntervalSchedule):
        return f"every {schedule.every} {schedule.period}" if schedule.every > 1 else f"every {schedule.period[:-1]}"
    fields = (schedule.minute, schedule.hour, schedule.day_of_month, schedule.month_of_year, schedule.day_of_week)
    return f"{' '.join(fields)} {schedule.timezone}"


def _crontab(words: str, fields: list[str], zone: str) -> CrontabSchedule:
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    try:
        crontab(**dict(zip(names, fields, strict=True)))
    except (ParseException, ValueError) as error:
        raise RescoringError(f"schedule {words[:60]!r}: {error}; write {HELP}") from None
    try:
        return CrontabSchedule(**dict(zip(names, fields, strict=True)), timezone=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RescoringError(
            f"schedule {words[:60]!r}: there is no time zone {zone!r}; write Europe/Berlin, or UTC"
        ) from None
