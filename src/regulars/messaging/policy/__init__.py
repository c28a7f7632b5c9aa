"""What may go, when, by which channel, and in which words. Pure."""

from regulars.messaging.policy.rendering import kept_body, render

__all__ = ["kept_body", "render"]
