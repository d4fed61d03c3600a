"""The cost of the cockpit to those who ask."""
