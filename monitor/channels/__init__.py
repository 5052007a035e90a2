"""Where messages go: one file for each way to send."""
