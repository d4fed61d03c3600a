"""The text form of commands: `/image a fox --style anime`."""
