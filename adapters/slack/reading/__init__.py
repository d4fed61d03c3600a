"""Reading on Slack: threads, channels on behalf of a person, and messages that were missed."""
