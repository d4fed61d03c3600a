"""The flavour openai: where OpenAI-compatible servers differ from the reference, and from each other."""
