"""Whose subscriptions ask for which change events, and why. Pure: no clock, no I/O, no store.

A ``Matcher`` (matcher) holds all subscriptions; ``decision`` is the definition that it keeps to,
``index`` the reason why it need not ask each of them. A filter becomes terms (filters), a record
the texts under each key (filter_fields), and both are written as words (text_index).
``documents`` says the same for the search of a store.
"""
