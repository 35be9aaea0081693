-- Hints that something changed in Dolibarr; one row per object, counted up with each hint.
CREATE TABLE IF NOT EXISTS llx_loyalty_inbox (
    topic VARCHAR(80) NOT NULL PRIMARY KEY,
    status VARCHAR(16) NOT NULL,
    generation BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    received_at VARCHAR(27) NOT NULL,
    due_at VARCHAR(27) NOT NULL,
    last_error TEXT
);
