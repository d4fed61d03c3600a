"""The service on both simulators, in a browser: a Slack-like and a Discord-like page, and the wire."""
