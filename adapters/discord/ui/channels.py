"""The kinds of channels that rules and settings can name. Pure."""

#: Those in which people write, by Discord's numbers; a thread belongs to one of them.
CHANNEL_TYPES = (0, 2, 5, 13, 15)
