-- Which gifts a payout pays; none is paid twice.
CREATE TABLE IF NOT EXISTS llx_loyalty_payout_items (
    donation_id VARCHAR(36) NOT NULL PRIMARY KEY,
    payout_id VARCHAR(36) NOT NULL
);
