-- Documents of Dolibarr as last seen, the program version each keeps, and the points each holds.
CREATE TABLE IF NOT EXISTS llx_loyalty_documents (
    id BIGINT NOT NULL PRIMARY KEY,
    root_id BIGINT NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    ref VARCHAR(64) NOT NULL,
    ref_ext VARCHAR(255) NOT NULL,
    issued_on VARCHAR(10) NOT NULL,
    occurred_at VARCHAR(27) NOT NULL,
    gross_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    snapshot TEXT NOT NULL,
    snapshot_hash VARCHAR(64) NOT NULL,
    program_hash VARCHAR(64) NOT NULL,
    first_seen_at VARCHAR(27) NOT NULL,
    seen_at VARCHAR(27) NOT NULL,
    granted BIGINT NOT NULL,
    granted_to BIGINT,
    generation BIGINT NOT NULL,
    claim TEXT NOT NULL,
    reasons TEXT NOT NULL
);
