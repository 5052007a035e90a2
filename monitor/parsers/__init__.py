"""Parsers: the bytes of one version become a TrialRecord, or a RecordError says why not.

Sources cut their input into raw versions and never look inside; ``base.parse`` finds the parser of
each. All yield the form of API v2, with the coverage of what their medium states.
"""
