"""What is measured, runnable by one command: `make bench`."""
