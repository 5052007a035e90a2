"""How field changes become change events, one file per theme of the record."""
