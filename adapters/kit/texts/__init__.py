"""Texts that several platforms show: titles that fit, progress in words, sentences in place of missing files."""
