"""What the monitor's judgements are worth against people's, as precision, recall and F1."""
