"""What the service aims at, as ratios to bare bots measured in the same run, and whether it is met."""
