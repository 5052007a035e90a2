"""What the running monitor answers over HTTP: is it alive, is it ready, what has it counted."""
