-- Hints to look at next.
CREATE INDEX IF NOT EXISTS llx_loyalty_inbox_due ON llx_loyalty_inbox (status, due_at);
