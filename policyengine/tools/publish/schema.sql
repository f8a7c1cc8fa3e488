-- The status database: the same on DuckDB and PostgreSQL. docs/database.md describes every table and column.
-- A figure is a DECIMAL; where it was rounded for want of a finite decimal, the column beside it has the exact fraction.
CREATE TABLE results (
    result_id TEXT PRIMARY KEY, number BIGINT NOT NULL, scope TEXT NOT NULL, published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    policies TEXT NOT NULL, as_of DATE, engine TEXT NOT NULL, version TEXT NOT NULL, rows_in BIGINT NOT NULL,
    records BIGINT NOT NULL, rejected BIGINT NOT NULL, persons BIGINT NOT NULL, manifest TEXT NOT NULL);
CREATE TABLE coverage (
    result_id TEXT NOT NULL, scope TEXT NOT NULL, period TEXT NOT NULL, superseded_by TEXT);
CREATE TABLE decisions (
    result_id TEXT NOT NULL, person_id TEXT NOT NULL, period TEXT NOT NULL, policy TEXT NOT NULL, unit TEXT NOT NULL,
    outcome TEXT NOT NULL, total DECIMAL(28, 10), total_exact TEXT, required_total DECIMAL(28, 10),
    required_total_exact TEXT, shortfall_total DECIMAL(28, 10), shortfall_total_exact TEXT, capped_off DECIMAL(28, 10),
    capped_off_exact TEXT, advisories TEXT, consequences TEXT);
CREATE TABLE decision_measures (
    result_id TEXT NOT NULL, person_id TEXT NOT NULL, period TEXT NOT NULL, policy TEXT NOT NULL, measure TEXT NOT NULL,
    value DECIMAL(28, 10), value_exact TEXT, required DECIMAL(28, 10), required_exact TEXT, shortfall DECIMAL(28, 10),
    shortfall_exact TEXT);
CREATE TABLE findings (
    result_id TEXT NOT NULL, person_id TEXT NOT NULL, period TEXT NOT NULL, policy TEXT NOT NULL, rule TEXT NOT NULL,
    measure TEXT, unit TEXT, comparison TEXT, advisory BOOLEAN, required_base DECIMAL(28, 10), required_base_exact TEXT,
    required_before DECIMAL(28, 10), required_before_exact TEXT, required DECIMAL(28, 10), required_exact TEXT,
    required_high DECIMAL(28, 10), required_high_exact TEXT, achieved DECIMAL(28, 10), achieved_exact TEXT,
    achieved_high DECIMAL(28, 10), achieved_high_exact TEXT, carried DECIMAL(28, 10), carried_exact TEXT,
    shortfall DECIMAL(28, 10), shortfall_exact TEXT, status TEXT NOT NULL, window_start DATE, window_end DATE,
    because TEXT, circumstance TEXT, missing TEXT);
CREATE TABLE ledger (
    result_id TEXT NOT NULL, record_id TEXT NOT NULL, person_id TEXT NOT NULL, period TEXT, form TEXT, subject TEXT,
    quantity DECIMAL(28, 10), quantity_exact TEXT, unit TEXT, converted DECIMAL(28, 10), converted_exact TEXT,
    counted DECIMAL(28, 10), counted_exact TEXT, recognise_rule TEXT, convert_rule TEXT, assign_rule TEXT, cap_rule TEXT,
    reason TEXT NOT NULL);
CREATE TABLE flags (
    result_id TEXT NOT NULL, record_id TEXT NOT NULL, person_id TEXT NOT NULL, flag TEXT NOT NULL, rule TEXT, text TEXT,
    certain BOOLEAN, missing TEXT);
CREATE TABLE missing (
    result_id TEXT NOT NULL, person_id TEXT NOT NULL, period TEXT, policy TEXT, record_id TEXT,
    converted_high DECIMAL(28, 10), converted_high_exact TEXT, counted_high DECIMAL(28, 10), counted_high_exact TEXT,
    missing TEXT, possible_consequences TEXT);
CREATE TABLE rules (
    result_id TEXT NOT NULL, rule TEXT NOT NULL, kind TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL, source TEXT,
    clause TEXT, confidence TEXT);
CREATE TABLE people (
    result_id TEXT NOT NULL, person_id TEXT NOT NULL, name TEXT, sector TEXT, region TEXT, employer TEXT,
    employer_kind TEXT, title_level TEXT, joined TEXT);
CREATE TABLE activities (
    result_id TEXT NOT NULL, record_id TEXT NOT NULL, person_id TEXT NOT NULL, first_day DATE, last_day DATE, title TEXT,
    form TEXT, subject TEXT, provider TEXT, listed TEXT, evidence TEXT, result TEXT, cost DECIMAL(28, 6), paid_by TEXT);
CREATE TABLE statistics (
    result_id TEXT NOT NULL, statistic TEXT NOT NULL, period TEXT NOT NULL, grouped TEXT NOT NULL, measure TEXT NOT NULL,
    value DECIMAL(28, 10), value_exact TEXT);
CREATE TABLE about (schema_version INTEGER NOT NULL);
CREATE INDEX decisions_of ON decisions (result_id, person_id);
CREATE INDEX findings_of ON findings (result_id, person_id);
CREATE INDEX ledger_of ON ledger (result_id, person_id);
CREATE INDEX activities_of ON activities (result_id, record_id);
CREATE VIEW current_coverage AS SELECT result_id, scope, period FROM coverage WHERE superseded_by IS NULL;
CREATE VIEW current_decisions AS SELECT t.* FROM decisions t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period;
CREATE VIEW current_decision_measures AS SELECT t.* FROM decision_measures t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period;
CREATE VIEW current_findings AS SELECT t.* FROM findings t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period;
-- What is of a record is current with its year, and with a block of years that is decided by it.
CREATE VIEW current_ledger AS
    SELECT t.* FROM ledger t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period
    UNION ALL
    SELECT t.* FROM ledger t
    WHERE NOT EXISTS (SELECT 1 FROM current_coverage c WHERE c.result_id = t.result_id AND c.period = t.period)
        AND EXISTS (
            SELECT 1 FROM current_decisions d WHERE d.result_id = t.result_id AND d.person_id = t.person_id
                AND length(d.period) > 4 AND t.period BETWEEN left(d.period, 4) AND right(d.period, 4));
CREATE VIEW current_missing AS
    SELECT t.* FROM missing t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period
    UNION ALL
    SELECT t.* FROM missing t
    WHERE NOT EXISTS (SELECT 1 FROM current_coverage c WHERE c.result_id = t.result_id AND c.period = t.period)
        AND EXISTS (
            SELECT 1 FROM current_decisions d WHERE d.result_id = t.result_id AND d.person_id = t.person_id
                AND length(d.period) > 4 AND t.period BETWEEN left(d.period, 4) AND right(d.period, 4))
        AND coalesce(t.record_id, '') <> '';
CREATE VIEW current_statistics AS SELECT t.* FROM statistics t JOIN current_coverage c ON c.result_id = t.result_id AND c.period = t.period;
CREATE VIEW current_results AS SELECT * FROM results WHERE result_id IN (SELECT result_id FROM current_coverage);
CREATE VIEW current_people AS SELECT t.* FROM people t WHERE t.result_id IN (SELECT result_id FROM current_coverage);
-- A record is known by its result and its id; its person is asked for the sake of the index.
CREATE VIEW current_activities AS SELECT t.* FROM activities t WHERE EXISTS (
    SELECT 1 FROM current_ledger l WHERE l.result_id = t.result_id AND l.person_id = t.person_id AND l.record_id = t.record_id);
CREATE VIEW current_flags AS SELECT t.* FROM flags t WHERE EXISTS (
    SELECT 1 FROM current_ledger l WHERE l.result_id = t.result_id AND l.person_id = t.person_id AND l.record_id = t.record_id)
    OR t.result_id IN (SELECT result_id FROM current_coverage) AND NOT EXISTS (
    SELECT 1 FROM ledger l WHERE l.result_id = t.result_id AND l.person_id = t.person_id AND l.record_id = t.record_id);
CREATE VIEW current_completion AS
    SELECT period, policy, unit, COUNT(*) AS people,
        SUM(CASE WHEN outcome = 'met' THEN 1 ELSE 0 END) AS met, SUM(CASE WHEN outcome = 'not_met' THEN 1 ELSE 0 END) AS not_met,
        SUM(CASE WHEN outcome = 'excused' THEN 1 ELSE 0 END) AS excused,
        SUM(CASE WHEN outcome = 'undetermined' THEN 1 ELSE 0 END) AS undetermined,
        SUM(CASE WHEN outcome = 'in_progress' THEN 1 ELSE 0 END) AS in_progress, SUM(total) AS hours
    FROM current_decisions GROUP BY period, policy, unit;
