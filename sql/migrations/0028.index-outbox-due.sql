-- What is to be delivered next.
CREATE INDEX IF NOT EXISTS llx_loyalty_outbox_due ON llx_loyalty_outbox (status, due_at);
