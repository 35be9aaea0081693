"""The loyalty database: engine and transactions, named queries, migrations, and one module per table."""
