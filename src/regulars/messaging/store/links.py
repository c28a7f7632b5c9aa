"""Every query on short links and clicks."""

from __future__ import annotations

from uuid import UUID

from regulars.messaging.models import LinkSetting


def domains_of(brand_id: UUID) -> tuple[str, ...]:
    """The hosts the brand registered."""
    row = LinkSetting.objects.filter(brand_id=brand_id).first()
    return tuple(row.domains) if row else ()
