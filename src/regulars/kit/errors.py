"""Expected refusals: what was wrong, in which field, in the caller's language. RFC 9457 is made of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.kit.text import Language, Text


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input. `field` is a path such as `order.lines[2].amount`."""

    field: str
    code: str
    message: Text

    def to_json(self, language: Language) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message.in_language(language)}


class Refusal(Exception):
    """An answer of "no" that the caller can act on. Not a bug; it changes nothing and is not logged as an error.

    `code` is stable and lower-case-with-underscores; `status` is the HTTP status; `data` holds plain JSON values.
    """

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        status: int = 422,
        errors: Sequence[FieldError] = (),
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message.en}")
        self.code = code
        self.message = message
        self.status = status
        self.errors = tuple(errors)
        self.data = data or {}

    def to_problem(self, language: Language) -> dict[str, Any]:
        """The RFC 9457 problem document."""
        problem: dict[str, Any] = {
            "type": f"urn:regulars:problem:{self.code}",
            "title": self.message.in_language(language),
            "status": self.status,
            "code": self.code,
        }
        if self.errors:
            problem["detail"] = "; ".join(
                f"{e.field}: {e.message.in_language(language)}" for e in self.errors[:5]
            )
            problem["errors"] = [e.to_json(language) for e in self.errors]
        if self.data:
            problem["data"] = self.data
        return problem


@dataclass(slots=True)
class ErrorList:
    """Gathers every field error of one input, so that people mend a form once, not field by field."""

    errors: list[FieldError] = field(default_factory=list)

    def add(self, field_: str, code: str, zh: str, en: str) -> None:
        self.errors.append(FieldError(field_, code, Text(zh, en)))

    def refuse(self, status: int = 422) -> None:
        """Raise `invalid_input` if anything was gathered."""
        if self.errors:
            raise invalid(*self.errors, status=status)

    def __bool__(self) -> bool:
        return bool(self.errors)


def invalid(*errors: FieldError, status: int = 422) -> Refusal:
    return Refusal("invalid_input", Text("输入有误", "The input has errors"), status=status, errors=errors)


def invalid_field(field_: str, code: str, zh: str, en: str, status: int = 422) -> Refusal:
    """`invalid` for a single field."""
    return invalid(FieldError(field_, code, Text(zh, en)), status=status)


def not_found(what: Text) -> Refusal:
    return Refusal("not_found", Text("找不到{what}", "{what} not found").format(what=what), status=404)


def forbidden(permission: str) -> Refusal:
    return Refusal(
        "forbidden",
        Text("没有权限：{p}，请联系管理员", "You lack the permission {p}; ask an administrator").format(
            p=permission
        ),
        status=403,
        data={"permission": permission},
    )


def conflict(code: str, zh: str, en: str, **data: Any) -> Refusal:
    return Refusal(code, Text(zh, en), status=409, data=data)
