"""Care: plans that greet, remind, wake and visit members, with their messages, rewards and staff tasks."""
