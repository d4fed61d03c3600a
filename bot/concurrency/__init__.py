"""Helpers of asyncio that several packages share."""
