-- The gifts of one payout.
CREATE INDEX IF NOT EXISTS llx_loyalty_payout_items_payout ON llx_loyalty_payout_items (payout_id);
