"""Tests of the Dolibarr connector, fed with what real Dolibarrs answered."""
