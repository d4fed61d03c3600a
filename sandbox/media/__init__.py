"""Generators of images, audio and video."""
