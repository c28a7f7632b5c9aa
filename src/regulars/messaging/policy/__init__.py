"""What may go, when, by which channel, and in which words. Pure."""

from regulars.messaging.policy.rendering import kept, render

__all__ = ["kept", "render"]
