-- What one partner owes, month by month.
CREATE INDEX IF NOT EXISTS llx_loyalty_fundings_partner ON llx_loyalty_fundings (partner, month);
