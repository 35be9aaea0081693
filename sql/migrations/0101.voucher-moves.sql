-- The money journal of each voucher; what is left of it is the sum. Only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_moves (
    voucher_id VARCHAR(36) NOT NULL,
    seq BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    amount_minor BIGINT NOT NULL,
    day VARCHAR(10) NOT NULL,
    at VARCHAR(27) NOT NULL,
    who VARCHAR(64) NOT NULL,
    note TEXT NOT NULL,
    invoice_id BIGINT,
    document VARCHAR(64) NOT NULL,
    move_key VARCHAR(160) NOT NULL,
    PRIMARY KEY (voucher_id, seq),
    CONSTRAINT llx_loyalty_voucher_moves_key UNIQUE (move_key),
    CONSTRAINT llx_loyalty_voucher_moves_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
