"""Sources: where versions of records come from, the first step of every pass.

A source cuts what it finds into raw slices and says where each came from and when it was read; what
they mean is left to ``monitor.parsers`` (docs/architecture.md, "The way of the data").
"""
