-- Every attempt to look a voucher up by its code, whatever came of it; what was typed only as a keyed hash.
CREATE TABLE IF NOT EXISTS llx_loyalty_lookups (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    at VARCHAR(27) NOT NULL,
    source VARCHAR(80) NOT NULL,
    is_staff BIGINT NOT NULL,
    outcome VARCHAR(16) NOT NULL,
    failed BIGINT NOT NULL,
    typed_hash VARCHAR(64) NOT NULL,
    voucher_id VARCHAR(36)
);
