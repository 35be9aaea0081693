-- What happened to benefits: granted, withdrawn, used, a use undone, a gift given; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_benefit_steps (
    id VARCHAR(36) NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    origin_id BIGINT NOT NULL,
    benefit_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    step VARCHAR(16) NOT NULL,
    at VARCHAR(27) NOT NULL,
    source VARCHAR(190) NOT NULL,
    who VARCHAR(120) NOT NULL,
    note TEXT NOT NULL,
    reference VARCHAR(190) NOT NULL,
    occasion VARCHAR(32) NOT NULL,
    points BIGINT NOT NULL,
    worth_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    undoes_id VARCHAR(36),
    step_key VARCHAR(180) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (origin_id, benefit_id, seq),
    CONSTRAINT llx_loyalty_benefit_steps_id UNIQUE (id),
    CONSTRAINT llx_loyalty_benefit_steps_key UNIQUE (step_key)
);
