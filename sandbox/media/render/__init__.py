"""Painting of images and of the frames of videos."""
