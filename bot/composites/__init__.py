"""Films and duels, whose answers are made by several requests: an answered part takes the whole a step further."""
