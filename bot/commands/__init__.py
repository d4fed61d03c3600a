"""The commands of the service: each file is one command, found by `bot.command.load_commands`."""
