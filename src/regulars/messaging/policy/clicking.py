"""Which visits of a short link are a member's click. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

# Gateways that scan mail, chat previews, search engines and tools: they open what nobody has clicked.
_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegram|slack|discord|skypeuri|curl/|wget/|"
    r"python|go-http|java/|okhttp|httpclient|libwww|headless|phantom|barracuda|mimecast|proofpoint|symantec|"
    r"safelinks|trendmicro|scanner|monitor|google-safety|googleimageproxy|yahoomailproxy|bingpreview",
    re.IGNORECASE,
)


def is_bot(headers: Mapping[str, str], method: str) -> bool:
    """Whether a visit is a machine's or a look ahead. `headers` have lower-case names."""
    agent = headers.get("user-agent", "")
    ahead = " ".join(headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz"))
    return (
        method != "GET"
        or not agent.strip()
        or bool(_BOT.search(agent))
        or "prefetch" in ahead
        or "preview" in ahead
    )


def minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
