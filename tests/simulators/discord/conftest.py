from tests.support.discord.fixtures import identified_at_once, simulator

__all__ = ["identified_at_once", "simulator"]
