-- Which lots an entry took points from (negative) or put them back into (positive); only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_allocations (
    entry_id VARCHAR(80) NOT NULL,
    lot_id VARCHAR(80) NOT NULL,
    points BIGINT NOT NULL,
    PRIMARY KEY (entry_id, lot_id),
    CONSTRAINT llx_loyalty_allocations_entry FOREIGN KEY (entry_id) REFERENCES llx_loyalty_entries (id),
    CONSTRAINT llx_loyalty_allocations_lot FOREIGN KEY (lot_id) REFERENCES llx_loyalty_lots (id)
);
