"""What the running monitor answers over HTTP: health, metrics, readers' pages, feeds, the API."""
