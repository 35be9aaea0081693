-- Outcomes of one member in the order of the purchases.
CREATE INDEX IF NOT EXISTS llx_loyalty_outcomes_owner ON llx_loyalty_outcomes (owner_id, occurred_at);
