-- Every movement of points, only ever inserted; two writers of one account collide on (account_id, seq).
CREATE TABLE IF NOT EXISTS llx_loyalty_entries (
    id VARCHAR(80) NOT NULL PRIMARY KEY,
    account_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    points BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    debt_after BIGINT NOT NULL,
    occurred_at VARCHAR(27) NOT NULL,
    booked_at VARCHAR(27) NOT NULL,
    cause_kind VARCHAR(32) NOT NULL,
    cause_id VARCHAR(80) NOT NULL,
    entry_key VARCHAR(180) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    reverses_id VARCHAR(80),
    reasons TEXT NOT NULL,
    previous_hash VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    CONSTRAINT llx_loyalty_entries_seq UNIQUE (account_id, seq),
    CONSTRAINT llx_loyalty_entries_key UNIQUE (entry_key),
    CONSTRAINT llx_loyalty_entries_account FOREIGN KEY (account_id) REFERENCES llx_loyalty_accounts (id)
);
