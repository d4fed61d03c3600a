"""Generated files: fetched safely, kept in a spool folder, made to fit, linked to."""

from bot.media.spool import Item, Spool

__all__ = ["Item", "Spool"]
