"""Regulars (常客): open-source, self-hosted membership and loyalty."""

__version__ = "0.1.0"
