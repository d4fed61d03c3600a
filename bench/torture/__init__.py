"""The whole service under faults, and an independent checker of what people saw. See bench/README.md."""
