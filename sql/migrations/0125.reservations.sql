-- What is held of a voucher for a cart, a till or a ticket, until it is used, given back or too old.
CREATE TABLE IF NOT EXISTS llx_loyalty_reservations (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    request_key VARCHAR(120) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    voucher_id VARCHAR(36) NOT NULL,
    amount_minor BIGINT NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    made_at VARCHAR(27) NOT NULL,
    held_until VARCHAR(27),
    who VARCHAR(64) NOT NULL,
    invoice_id BIGINT,
    version BIGINT NOT NULL,
    CONSTRAINT llx_loyalty_reservations_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
