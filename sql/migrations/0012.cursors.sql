-- How far each walk over Dolibarr has come.
CREATE TABLE IF NOT EXISTS llx_loyalty_cursors (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    position TEXT NOT NULL,
    moved_at VARCHAR(27) NOT NULL
);
