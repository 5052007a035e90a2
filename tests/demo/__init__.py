"""The whole story in under a minute: a registry, the daemon, three subscribers, their alerts."""
