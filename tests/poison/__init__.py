"""One broken record in an answer of the registry stops nothing; through real processes."""
