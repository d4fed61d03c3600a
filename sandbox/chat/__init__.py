"""Chat answers by rules, or by a model through llama.cpp."""
