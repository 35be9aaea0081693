-- A member's activities of one kind by day, for limits and for the last gift.
CREATE INDEX IF NOT EXISTS llx_loyalty_activities_member ON llx_loyalty_activities (thirdparty_id, kind, counts_on);
