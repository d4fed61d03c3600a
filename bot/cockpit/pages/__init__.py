"""The pages: each module is a topic, found by being in this folder or one below it."""
