"""Pure decisions of missions and play."""
