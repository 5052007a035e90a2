"""From two records of a trial to what changed and what the change means. Pure: no clock, no I/O."""
