"""Door of bookings' flow: what can be booked, booking it, coming, not coming, waiting for a place."""

from regulars.flows.bookings.acts import (
    Booked,
    accept,
    book,
    cancel,
    check_in,
    check_in_now,
    join_waiting,
    leave_waiting,
    move,
    unblock,
)
from regulars.flows.bookings.due import remind, settle_bookings
from regulars.flows.bookings.finding import Opening, openings

__all__ = [
    "Booked",
    "Opening",
    "accept",
    "book",
    "cancel",
    "check_in",
    "check_in_now",
    "join_waiting",
    "leave_waiting",
    "move",
    "openings",
    "remind",
    "settle_bookings",
    "unblock",
]
