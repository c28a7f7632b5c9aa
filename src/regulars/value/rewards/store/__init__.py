"""Every query and lock of the rewards room."""
