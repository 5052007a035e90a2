"""Words that most records share, given to the compressor in advance.

Part of the store's format: never edit a vocabulary that a release has written with; add a
new one under the next number. What stands last is nearest to the record and cheapest to
refer to.
"""

_WORDS_1 = '{"derivedSection":{"miscInfoModule":{"versionHolder":"'

VOCABULARIES: dict[int, bytes] = {1: _WORDS_1.encode()}
"""The words by number; the number is stored beside what was compressed with them."""
