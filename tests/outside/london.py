"""Instants, dates and London time, as the rule book says them (rules 1)."""

import re
from datetime import date, datetime, timedelta, timezone

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def instant(text):
    """An RFC 3339 instant in UTC with milliseconds and `Z`, nothing else."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError(f"`{text}` is not an instant with milliseconds and Z")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def spell(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Clock:
    """The clock of whoever plays: the present, or some time ahead of it, or of an instant at which it stands still."""

    def __init__(self):
        self.ahead, self.still = timedelta(), None


_clock = Clock()


def wear(clock):
    """Goes by another clock from here on. Gives the one before."""
    global _clock
    before, _clock = _clock, clock
    return before


def now():
    return (_clock.still or datetime.now(timezone.utc)) + _clock.ahead


def day(text):
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValueError(f"`{text}` is not a date")
    return date.fromisoformat(text)


def _last_sunday(year, month):
    last = date(year, month, 31)
    at = last - timedelta(days=(last.weekday() + 1) % 7)
    return datetime(at.year, at.month, at.day, 1, tzinfo=timezone.utc)


def is_summer(moment):
    return _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10)


def today(moment):
    """The London calendar date of an instant."""
    return (moment + timedelta(hours=1 if is_summer(moment) else 0)).date()


def midnight(at):
    """The instant of 00:00 London on a date: what a start date means."""
    naive = datetime(at.year, at.month, at.day, tzinfo=timezone.utc)
    return naive - timedelta(hours=1 if is_summer(naive - timedelta(hours=1)) else 0)


def ends(at):
    """What an end date means: 00:00 London of the day after."""
    return midnight(at + timedelta(days=1))
