"""When a request is to be made, as people type it: `every weekday 9:00`, `in 2 hours`, `每天早上9點`."""
