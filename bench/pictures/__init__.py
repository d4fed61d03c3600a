"""Pictures of real answers for the documentation."""
