"""One folder per platform; nothing here is imported by `bot` except from `bot.bootstrap`."""
