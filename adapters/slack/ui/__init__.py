"""Blocks, rich text, buttons, modals and the App Home view. Pure."""
