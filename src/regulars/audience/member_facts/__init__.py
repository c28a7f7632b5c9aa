"""What is known of every member: counters, sums, intervals, preferences, scores; each with its freshness."""
