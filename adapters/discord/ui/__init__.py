"""Discord Markdown, buttons and modals. Pure."""
