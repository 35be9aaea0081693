-- Members by card.
CREATE INDEX IF NOT EXISTS llx_loyalty_members_card ON llx_loyalty_members (card_number);
