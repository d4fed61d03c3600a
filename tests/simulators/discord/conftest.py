from tests.support.discord.fixtures import identified_at_once, wire

__all__ = ["identified_at_once", "wire"]
