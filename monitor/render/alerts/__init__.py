"""The message that a subscriber gets: subject, text, HTML, Slack and JSON of a notification."""

from monitor.render.alerts.renderer import Renderer, render
from monitor.render.alerts.templates import check_templates

__all__ = ["Renderer", "check_templates", "render"]
