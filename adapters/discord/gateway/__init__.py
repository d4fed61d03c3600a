"""The connection to Discord: the library's client, its watchdog and its errors."""
