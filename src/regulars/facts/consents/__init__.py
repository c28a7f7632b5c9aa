"""What members agreed to: purpose and channel, the text they saw, how it was given, when it was taken back."""
