-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 UTC, booleans are 0 or 1, documents are JSON text.
-- Every text that is compared or ordered has the collation "binary": SQLite brings it, and the store creates it in
-- PostgreSQL, so that both order by bytes and a page ends at the same row on both.
-- Documents stand last in their row: a list never reads them.

CREATE TABLE systems (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    owner TEXT NOT NULL,
    stage TEXT NOT NULL,
    tolerance BIGINT NOT NULL CHECK (tolerance BETWEEN 1 AND 5),
    manifest_digest TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    manifest TEXT NOT NULL
);

CREATE TABLE components (
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    id TEXT COLLATE "binary" NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT,
    document TEXT NOT NULL,
    PRIMARY KEY (system, id)
);

CREATE TABLE risks (
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    risk TEXT COLLATE "binary" NOT NULL,
    code TEXT COLLATE "binary" NOT NULL,
    title_zh TEXT COLLATE "binary" NOT NULL,
    title_en TEXT COLLATE "binary" NOT NULL,
    class TEXT NOT NULL,
    inherent_grade BIGINT NOT NULL CHECK (inherent_grade BETWEEN 1 AND 5),
    residual_grade BIGINT NOT NULL CHECK (residual_grade BETWEEN 1 AND 5),
    asserted_grade BIGINT CHECK (asserted_grade BETWEEN 1 AND 5),
    derived_grade BIGINT NOT NULL CHECK (derived_grade BETWEEN 1 AND 5),
    effective_grade BIGINT NOT NULL CHECK (effective_grade BETWEEN 1 AND 5),
    priority TEXT COLLATE "binary" NOT NULL,
    state TEXT NOT NULL,
    stale BIGINT NOT NULL CHECK (stale IN (0, 1)),
    assessed_at BIGINT NOT NULL,
    -- The worst grade first and the rest ascending is one ascending key, which an index can seek in.
    grade_rank BIGINT NOT NULL GENERATED ALWAYS AS (5 - effective_grade) STORED,
    -- What a search looks at. Cut, because PostgreSQL indexes no entry above 2,700 bytes.
    search TEXT COLLATE "binary" NOT NULL
        GENERATED ALWAYS AS (substr(lower(code || ' ' || risk || ' ' || title_zh || ' ' || title_en), 1, 500)) STORED,
    document TEXT NOT NULL,
    PRIMARY KEY (system, risk)
);
CREATE INDEX risks_by_grade ON risks (grade_rank, system, risk, search);
CREATE INDEX risks_by_system_and_grade ON risks (system, grade_rank, risk);
CREATE INDEX risks_by_priority ON risks (priority, grade_rank, system, risk);

CREATE TABLE controls (
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    control TEXT COLLATE "binary" NOT NULL,
    nature TEXT NOT NULL,
    state TEXT COLLATE "binary" NOT NULL,
    assessed_at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (system, control)
);
CREATE INDEX controls_by_state ON controls (state, system, control);

CREATE TABLE treatments (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    risk TEXT COLLATE "binary" NOT NULL,
    option TEXT NOT NULL,
    owner TEXT NOT NULL,
    cost TEXT,
    benefit TEXT,
    due BIGINT,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at BIGINT,
    decided_by TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX treatments_by_time ON treatments (created_at, id);
CREATE INDEX treatments_by_system ON treatments (system, created_at, id);
CREATE INDEX treatments_by_risk ON treatments (system, risk, created_at, id);

CREATE TABLE overrides (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    risk TEXT COLLATE "binary" NOT NULL,
    grade BIGINT NOT NULL CHECK (grade BETWEEN 1 AND 5),
    made_by TEXT NOT NULL,
    role TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX overrides_by_time ON overrides (created_at, id);
CREATE INDEX overrides_by_system ON overrides (system, created_at, id);
CREATE INDEX overrides_by_risk ON overrides (system, risk, created_at, id);

CREATE TABLE evidence (
    digest TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    component TEXT COLLATE "binary" NOT NULL,
    check_id TEXT COLLATE "binary" NOT NULL,
    observed_at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    ledger_index BIGINT NOT NULL,
    catalog TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX evidence_by_time ON evidence (system, observed_at, digest, component, check_id);
CREATE INDEX evidence_by_check ON evidence (system, component, check_id, observed_at, digest);

CREATE TABLE assessments (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    as_of BIGINT NOT NULL,
    catalog TEXT NOT NULL,
    report TEXT NOT NULL,
    ledger_index BIGINT NOT NULL,
    decision TEXT NOT NULL,
    summary TEXT NOT NULL
);
CREATE INDEX assessments_by_time ON assessments (as_of, id);
CREATE INDEX assessments_by_system ON assessments (system, as_of, id);

CREATE TABLE gate_decisions (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    system TEXT COLLATE "binary" NOT NULL REFERENCES systems (id),
    assessment TEXT COLLATE "binary" NOT NULL REFERENCES assessments (id),
    stage TEXT NOT NULL,
    decision TEXT NOT NULL,
    reasons TEXT NOT NULL,
    ledger_index BIGINT NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX gate_decisions_by_time ON gate_decisions (decided_at, id);
CREATE INDEX gate_decisions_by_system ON gate_decisions (system, decided_at, id);

CREATE TABLE tokens (
    id TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT COLLATE "binary" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX tokens_by_time ON tokens (created_at, id);

CREATE TABLE meta (
    key TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "binary" NOT NULL,
    action TEXT NOT NULL,
    noun TEXT COLLATE "binary" NOT NULL,
    noun_id TEXT COLLATE "binary" NOT NULL,
    before_digest TEXT,
    after_digest TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_noun ON audit (noun, noun_id, seq);
CREATE INDEX audit_by_actor ON audit (actor, seq);

-- The number of the last audit row. Every transaction locks this row first, so numbers have no gaps and
-- follow the order in which transactions were saved.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO audit_head (id, seq) VALUES (1, 0);
