"""The domain: frozen dataclasses of trial records, versions, changes. Standard library only."""
