"""Every query and lock of campaigns."""
