-- Every step of a voucher's life, written before it is attempted; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_steps (
    voucher_id VARCHAR(36) NOT NULL,
    seq BIGINT NOT NULL,
    step VARCHAR(32) NOT NULL,
    at VARCHAR(27) NOT NULL,
    who VARCHAR(64) NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (voucher_id, seq),
    CONSTRAINT llx_loyalty_voucher_steps_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
