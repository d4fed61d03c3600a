"""Speech and transcriptions as OpenAI documents them: a voice-like hum, and what the sandbox knows of a sound."""
