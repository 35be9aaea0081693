-- Uses of vouchers on invoices, begun by us: what each is to pay, written down before money moves.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_uses (
    voucher_id VARCHAR(36) NOT NULL,
    number BIGINT NOT NULL,
    invoice_id BIGINT NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    before_minor BIGINT NOT NULL,
    use_key VARCHAR(160) NOT NULL,
    state VARCHAR(16) NOT NULL,
    at VARCHAR(27) NOT NULL,
    who VARCHAR(64) NOT NULL,
    PRIMARY KEY (voucher_id, number),
    CONSTRAINT llx_loyalty_voucher_uses_key UNIQUE (use_key),
    CONSTRAINT llx_loyalty_voucher_uses_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
