"""Every query and lock of the bookings room."""
