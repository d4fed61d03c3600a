"""The AI Models API, offline: a server, and generators of text, code, images, audio and video."""
