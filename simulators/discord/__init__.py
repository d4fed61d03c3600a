"""Discord simulator: REST, gateway and CDN."""
