"""All films and duels, whose answers are made by several requests: what a part does when it is answered."""
