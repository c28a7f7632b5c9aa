"""Which addresses a request may go to, and what a URL must look like. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from regulars.kit.errors import ErrorList

Network = IPv4Network | IPv6Network
LONGEST_URL = 2000
# Ways to write an IPv4 address inside an IPv6 one: mapped, compatible, NAT64 and 6to4.
_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")
# Public addresses are global unicast ones: whatever else is written (site-local, translated, a network's NAT64, SRv6)
# leads to where it was given out. Of those, what is kept for documents leads nowhere.
_PUBLIC_V6 = ip_network("2000::/3")
_DOCUMENTS = ip_network("3fff::/20")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `path` holds the query too; `port` is the scheme's own where none is written."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks from a setting, separated by commas: `10.1.0.0/16, 127.0.0.1`. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_allowed(address: str, networks: Iterable[Network] = ()) -> bool:
    """Whether requests may go to this address: a public one, or one of the operator's networks."""
    ip = ip_address(address.split("%", 1)[0])
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    if isinstance(ip, IPv6Address):
        inside = _inside(ip)
        if inside is not None:
            return is_allowed(inside, networks)
        if ip not in _PUBLIC_V6 or ip in _DOCUMENTS:
            return False
    return ip.is_global and not ip.is_multicast


def _inside(ip: IPv6Address) -> str | None:
    """The IPv4 address that an IPv6 one stands for."""
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    if ip in _NAT64 or (int(ip) >> 32 == 0 and int(ip) > 1):
        return str(ip_address(int(ip) & 0xFFFFFFFF))
    if ip in _SIX_TO_FOUR:
        return str(ip_address((int(ip) >> 80) & 0xFFFFFFFF))
    return None


def target_of(url: str) -> Target:
    """The parts of a URL. Raises ValueError for what is none, has a user in it, or no host."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError("not a plain http or https address")
    if parts.fragment or any(character <= " " or character == "\x7f" for character in url):
        raise ValueError("neither a fragment nor blanks belong there")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname
    if ":" not in host:
        host = host.encode("idna").decode()
    return Target(parts.scheme, host, port, path)


def check_url(url: str, field: str, errors: ErrorList, *, networks: Sequence[Network] = ()) -> None:
    """Add what is wrong with a URL as an operator typed it. Names are resolved only when a request is made."""
    if not url or len(url) > LONGEST_URL:
        errors.add(
            field,
            "bad_url",
            f"须为 1–{LONGEST_URL} 个字符的网址",
            f"An address of 1 to {LONGEST_URL} characters",
        )
        return
    try:
        target = target_of(url)
    except (ValueError, UnicodeError):
        errors.add(
            field,
            "bad_url",
            "须为 http 或 https 网址，不含用户名、空格和 # 片段",
            "An http or https address without a user, blanks or a # fragment",
        )
        return
    try:
        is_written_out = bool(ip_address(target.host))
    except ValueError:
        is_written_out = False
    private = target.host == "localhost" or target.host.endswith(".localhost")
    if is_written_out and not is_allowed(target.host, networks):
        private = True
    if private and not (target.host.endswith("localhost") and networks):
        errors.add(
            field,
            "private_address",
            "不能指向内网或本机地址；如确需要，请管理员设置 REGULARS_ALLOWED_NETWORKS",
            "Addresses of private networks are closed; an operator may open them by REGULARS_ALLOWED_NETWORKS",
        )
    elif target.scheme == "http" and not networks:
        errors.add(field, "not_https", "须使用 https", "Use https")
