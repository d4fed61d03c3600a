"""Calls of the AI API for an event: what its refusals say, and the limits of parameters learnt from them."""
