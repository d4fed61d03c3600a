"""The services of the core for adapters, as `bot.ports.AdapterServices` has them."""
