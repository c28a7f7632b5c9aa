"""Care: greetings, reminders and plans of return visits."""
