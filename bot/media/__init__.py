"""Generated files: fetched safely, kept in a spool folder, made to fit, linked to."""

from bot.media.download import GeneratedFile
from bot.media.spool import Spool

__all__ = ["GeneratedFile", "Spool"]
