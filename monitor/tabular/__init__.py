"""Tables of very many rows as files: CSV, JSON lines, Parquet."""
