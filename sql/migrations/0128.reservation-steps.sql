-- Every step of a reservation: what, when, by whom and why. Only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_reservation_steps (
    reservation_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    at VARCHAR(27) NOT NULL,
    who VARCHAR(64) NOT NULL,
    why TEXT NOT NULL,
    invoice_id BIGINT,
    PRIMARY KEY (reservation_id, seq),
    CONSTRAINT llx_loyalty_reservation_steps_of FOREIGN KEY (reservation_id) REFERENCES llx_loyalty_reservations (id)
);
