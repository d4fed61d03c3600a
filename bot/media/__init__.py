"""Generated files: fetched safely, stored in a spool folder, made smaller, linked to."""

from bot.media.spool import GeneratedFile, Spool

__all__ = ["GeneratedFile", "Spool"]
