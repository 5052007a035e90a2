"""Every fault of the registry, each met by a whole pass over a source and a real store."""
