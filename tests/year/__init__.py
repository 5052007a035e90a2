"""A scripted year: a registry that misbehaves, a monitor that is killed, and a known history."""
