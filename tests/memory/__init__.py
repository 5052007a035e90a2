"""Memory over many passes: what the daemon takes, pass after pass, as its user starts it."""
