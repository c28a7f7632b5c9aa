"""Pure decisions of bookings."""
