-- The alarms that are open.
CREATE INDEX IF NOT EXISTS llx_loyalty_alarms_open ON llx_loyalty_alarms (done_at, id);
