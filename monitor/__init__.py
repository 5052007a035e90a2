"""Trial monitor: follows clinical-trial registry records and says what each change means."""

__version__ = "0.1.0"
