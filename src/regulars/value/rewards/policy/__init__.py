"""Pure decisions of the rewards mall."""
