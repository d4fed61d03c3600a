"""The scheduler: makes each request that is due once, in whichever process."""
