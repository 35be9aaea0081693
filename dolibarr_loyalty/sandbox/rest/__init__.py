"""The REST API: calls are routed to handlers, which work on a `Dolibarr` and answer JSON."""
