"""Films: a plan from one sentence; its pictures, clips and music, made as requests of their own, and joined."""
