"""HTTP connections to platforms that carry requests only while this process owns what they show."""
