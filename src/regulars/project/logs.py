"""Logging to standard error, without secrets and without personal data."""

from __future__ import annotations

import logging
import re
from typing import Any

_SECRETS = (
    (re.compile(r"(?i)(authorization|x-api-key|cookie)(['\"]?\s*[:=]\s*)[^\r\n]+"), r"\1\2…"),
    (
        re.compile(r"(?i)(password|passwd|secret|token|otp|code_hash)(['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&]+"),
        r"\1\2…",
    ),
    (re.compile(r"(?i)(postgres(?:ql)?://[^:@/\s]+:)[^@\s]+@"), r"\1…@"),
    (re.compile(r"(?<!\d)(\+?86)?(1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\2****\3"),
    (re.compile(r"[\w.+-]+(@[\w-]+\.[\w.-]+)"), r"…\1"),
)


def scrub(text: str) -> str:
    """The text with keys, passwords, mobile numbers and mail addresses made unreadable."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class ScrubbingFormatter(logging.Formatter):
    """Formats a record as one line (and its traceback), scrubbed as a whole."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: one handler on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": ScrubbingFormatter,
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
            "django.db.backends": {"handlers": [], "level": "WARNING", "propagate": True},
            "psycopg": {"level": "ERROR"},
            # whole addresses of requests, and in them what a provider is told
            "urllib3": {"level": "INFO"},
        },
    }
