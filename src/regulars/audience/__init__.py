"""Who belongs together: the row of facts kept of every member, and the segments asked of it."""
