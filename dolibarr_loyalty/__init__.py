"""Points, tiers, rewards and gift vouchers for Dolibarr, over its REST API and its Webhook module."""

__version__ = "0.1.0"
