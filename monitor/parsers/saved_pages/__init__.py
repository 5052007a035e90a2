"""Pages of two sites, saved as text: one module a layout, and what both need (``page``)."""
