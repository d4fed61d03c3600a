"""The platforms that come with the service, one folder each; `bot` finds them by entry point and imports none."""
