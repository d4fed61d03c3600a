"""A Discord that speaks the wire: REST, gateway and CDN."""
