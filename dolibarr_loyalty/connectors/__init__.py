"""The outside world: Dolibarr and mail, each behind `protocol`; every failure is one of three."""
