"""Answers that are made by several requests, such as films and duels: how they are kept, shown, and removed."""
