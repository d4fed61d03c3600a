"""The flight recorder: what came in, what was asked of the API and the platform, and when, request by request."""
