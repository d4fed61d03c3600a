"""From answers to Discord messages."""
