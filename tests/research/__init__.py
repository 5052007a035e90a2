"""Questions of meta-research, answered by commands on real version histories."""
