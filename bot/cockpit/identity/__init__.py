"""The people who sign in: how they prove who they are, and whether they still have their rights."""
