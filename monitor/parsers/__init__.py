"""Parsers: the bytes of one version become a TrialRecord, or a RecordError says why not."""
