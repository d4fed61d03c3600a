"""The flight recorder: for each request, what came in, and its calls of the AI API and of the platform, with times."""
