"""Every query of the room: reading and scores here beside each other, the making of facts in `refreshing`."""
