-- Who alone may work on something now, and until when.
CREATE TABLE IF NOT EXISTS llx_loyalty_leases (
    name VARCHAR(80) NOT NULL PRIMARY KEY,
    owner VARCHAR(64) NOT NULL,
    held_until VARCHAR(27) NOT NULL
);
