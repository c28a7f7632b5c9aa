"""Tasks of staff: calls, visits, messages to confirm, and what came of them."""
