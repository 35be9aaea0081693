-- The head of each account: its last sequence number, balance, debt and hash. Entries are the truth.
CREATE TABLE IF NOT EXISTS llx_loyalty_accounts (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    thirdparty_id BIGINT NOT NULL,
    unit VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    debt BIGINT NOT NULL,
    head VARCHAR(64) NOT NULL,
    last_activity_at VARCHAR(27)
);
