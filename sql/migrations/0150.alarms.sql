-- What a person must look at: seen once per kind and what it is about; closed by a person, never removed.
CREATE TABLE IF NOT EXISTS llx_loyalty_alarms (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    kind VARCHAR(32) NOT NULL,
    about VARCHAR(160) NOT NULL,
    voucher_id VARCHAR(36),
    thirdparty_id BIGINT,
    facts TEXT NOT NULL,
    seen_at VARCHAR(27) NOT NULL,
    seen_by VARCHAR(64) NOT NULL,
    done_at VARCHAR(27),
    done_by VARCHAR(64) NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT llx_loyalty_alarms_once UNIQUE (kind, about)
);
