"""What messages say, for those who may not read personal data: names in them are masked as they are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from regulars.facts.members import api as members
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy

Mask = Callable[[UUID | None, str], str]


def mask_of(*, scope: Scope, member_ids: Iterable[UUID]) -> Mask:
    """What makes of words to one of these members what this reader may see of them."""
    ids = set(member_ids)
    if scope.allows("members.read_personal") or not ids:
        return lambda _, text: text
    names = {id_: name.strip() for id_, name in members.plain_names_of(member_ids=ids).items()}

    def masked(member_id: UUID | None, text: str) -> str:
        name = names.get(member_id, "") if member_id is not None else ""
        return text.replace(name, privacy.mask_name(name)) if name else text

    return masked
