-- Credits of vouchers that are consumed by a counter invoice to be made anew in parts, written down before.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_partings (
    voucher_id VARCHAR(36) NOT NULL,
    number BIGINT NOT NULL,
    plan TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    at VARCHAR(27) NOT NULL,
    PRIMARY KEY (voucher_id, number),
    CONSTRAINT llx_loyalty_voucher_partings_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
