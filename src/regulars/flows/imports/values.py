"""Cells to values: money, quantities, instants, words. Each says plainly why a cell cannot be one."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kit.text import Text

_MONEY_NOISE = re.compile(r"[\s,，¥￥$€£元]|RMB|CNY|USD")
_YMD = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(上午|下午)?\s*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.(\d{1,9}))?秒?|分)?)?"
    r"\s*(AM|PM|am|pm)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_SHORT = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"
    r"(?:\s+()(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(AM|PM|am|pm)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?")
_CLOCK = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?")
_EXCEL_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_YES = {"1", "true", "yes", "y", "t", "是", "已签收", "已完成", "完成", "delivered"}
_NO = {"", "0", "false", "no", "n", "f", "否", "未签收", "未完成"}
_GENDERS = {
    "女": "female", "female": "female", "f": "female", "女士": "female", "2": "female", "woman": "female",
    "男": "male", "male": "male", "m": "male", "先生": "male", "1": "male", "man": "male",
    "其他": "other", "other": "other", "x": "other", "未知": "", "unknown": "", "0": "", "保密": "",
}  # fmt: skip
_PARTS = re.compile(r"[,，;；、|]+")


class BadCell(ValueError):
    """A cell that cannot be what its column is mapped to."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.message = Text(zh, en)
        super().__init__(en)


def text_of(value: Any) -> str:
    """A cell as text. Whole floats lose their point: spreadsheets keep phone numbers as numbers."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return str(value).strip()


def number_of(value: Any) -> Decimal:
    """A cell as an exact number. Floats of binary files are taken as the shortest decimal that means them."""
    try:
        if isinstance(value, str):
            return _decimal(value)
        if isinstance(value, bool) or value is None:
            raise BadCell("not_number", "不是数字", "not a number")
        if isinstance(value, float):
            number = Decimal(repr(round(value, 6)))
        else:
            number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise BadCell("not_number", "不是数字", "not a number") from None
    if not number.is_finite():
        raise BadCell("not_number", "不是数字", "not a number")
    return number


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        clean = _MONEY_NOISE.sub("", unicodedata.normalize("NFKC", text))
        try:
            number = Decimal(clean)
        except InvalidOperation:
            raise BadCell("not_number", "不是数字", "not a number") from None
    if not number.is_finite():
        raise BadCell("not_number", "不是数字", "not a number")
    return number


def minor_of(value: Any, digits: int) -> int:
    """A cell of money in smallest units; `digits` is 2 for a file in yuan, 0 for a file in fen. Never rounds."""
    number = number_of(value).scaleb(digits)
    whole = int(number)
    if whole != number:
        raise BadCell(
            "too_many_decimals",
            f"金额最多 {digits} 位小数" if digits else "金额单位为分时须为整数",
            f"at most {digits} decimals" if digits else "must be a whole number of the smallest unit",
        )
    if whole < 0:
        raise BadCell(
            "negative", "不能为负数；退款请用接口导入", "must not be negative; refunds come by the API"
        )
    return whole


def when_of(value: Any, form: str, zone: ZoneInfo) -> datetime:
    """A cell as an instant; what has no zone of its own is in `zone`."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone).astimezone(UTC)
    try:
        if form in ("unix", "unix_ms"):
            seconds = float(number_of(value)) / (1000 if form == "unix_ms" else 1)
            return datetime.fromtimestamp(seconds, UTC)
        if form == "excel":
            whole = timedelta(days=float(number_of(value)))
            at = _EXCEL_ZERO + timedelta(seconds=round(whole.total_seconds()))
            return at.replace(tzinfo=zone).astimezone(UTC)  # it is a wall clock's
        return _written(text_of(value), form, zone)
    except (BadCell, ValueError, OverflowError, OSError):
        raise BadCell(
            "bad_time",
            "无法识别的时间，请检查日期格式选项",
            "not a time we can read; see the option for the date format",
        ) from None


def _written(text: str, form: str, zone: ZoneInfo) -> datetime:
    match = _YMD.fullmatch(text)
    if match:
        year, month, day = match[1], match[2], match[3]
    elif form in ("dmy", "mdy") and (match := _SHORT.fullmatch(text)):
        year = match[3]
        day, month = (match[1], match[2]) if form == "dmy" else (match[2], match[1])
    elif compact := _COMPACT.fullmatch(text):
        y, mo, d, h, mi, sec = (int(part or 0) for part in compact.groups())
        at = datetime(y, mo, d, h, mi, sec, tzinfo=zone)
        return at.astimezone(UTC)
    else:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    noon, hour_text, minute, second, fraction, half, offset = match.groups()[3:]
    hour = int(hour_text or 0)
    if half or noon:
        late = (half or "").lower() == "pm" or noon == "下午"
        hour = hour % 12 + (12 if late else 0)
    at = datetime(
        int(year), int(month), int(day), hour, int(minute or 0), int(second or 0),
        int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC if offset == "Z" else zone,
    )  # fmt: skip
    if offset and offset != "Z":
        sign = -1 if offset[0] == "-" else 1
        ahead = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
        at = at.replace(tzinfo=UTC) - ahead
    return at.astimezone(UTC)


def clock_of(value: Any) -> timedelta:
    """A cell as a time of day, since midnight."""
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, timedelta):
        return value
    match = _CLOCK.fullmatch(text_of(value))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise BadCell("bad_time", "无法识别的时刻，例如 13:05", "not a time of day such as 13:05")
    return timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3] or 0))


def day_of(value: Any, form: str) -> str:
    """A cell as a calendar day, ISO."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return when_of(value, form, ZoneInfo("UTC")).date().isoformat()


def yes_of(value: Any) -> bool:
    word = text_of(value).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadCell("not_bool", "须为 是 或 否", "must be yes or no")


def gender_of(value: Any) -> str:
    word = text_of(value).casefold()
    if word and word not in _GENDERS:
        raise BadCell("bad_gender", "性别须为 男、女 或 其他", "must be female, male or other")
    return _GENDERS.get(word, "")


def words_of(value: Any) -> list[str]:
    """A cell that lists words."""
    return [word.strip() for word in _PARTS.split(text_of(value)) if word.strip()]
