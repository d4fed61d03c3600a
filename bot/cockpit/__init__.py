"""The cockpit: web pages on which the operator and administrators see and steer the service."""

from bot.i18n import register_catalogue

register_catalogue(__name__)
