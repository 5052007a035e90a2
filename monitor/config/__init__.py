"""Reading the settings: a TOML file under an overlay of environment variables, once at start.

Nothing is read on import. What can be set is defined in ``monitor.settings``;
docs/configuration.md tells users what config/monitor.toml and the environment can say.
"""

from monitor.config.load import DEFAULT_FILE, load, load_web

__all__ = ["DEFAULT_FILE", "load", "load_web"]
