"""The settings of the core by topic: each module is a part of `Settings`.

A field's description is its line in `.env.example`.
"""
