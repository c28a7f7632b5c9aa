"""Door of members: enrol, resolve, read, edit; the brand's tags and custom fields."""

from regulars.facts.members.api.enrolling import enrol_many, resolve

__all__ = ["enrol_many", "resolve"]
