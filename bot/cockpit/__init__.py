"""Web pages on which the operator, administrators and everybody else see and steer the service."""

from bot.i18n import register_catalogue

register_catalogue(__name__)
