"""Sources: where versions of records come from."""
