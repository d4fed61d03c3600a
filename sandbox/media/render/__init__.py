"""The parts that pictures and films are painted from."""
