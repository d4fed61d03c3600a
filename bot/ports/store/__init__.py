"""The seam between the core and a database engine: one protocol for each kind of consumer.

One class an engine implements all of them, as `Store`. Every method raises `StoreError`. Ids of adapters,
conversations, events and actors are opaque text.
"""
