-- The ledger of every record, and from it what counts of each.

COPY (
    SELECT record_id, person_id, period, converted, counted, recognise_rule, convert_rule,
        CASE WHEN counted < low OR counted_high < high THEN CASE capped WHEN 'year' THEN 'sichuan/self-study-cap@2016'::cap_rule ELSE 'medical/project-cap' END
             ELSE '' END AS cap_rule,
        CASE WHEN reason = 'counted' AND counted < low THEN 'capped'::reason ELSE reason END AS reason,
        converted_high, counted_high, own, own_high, kind
    FROM counted
) TO '$out/ledger.parquet' (FORMAT parquet);

CREATE OR REPLACE TEMP VIEW amounts AS
SELECT *, convert_rule IN ('sichuan/self-study-hours@2016', 'sichuan/publication-hours@2016') AS limited,
    CASE WHEN reason IN ('counted', 'capped') THEN converted ELSE 0 END AS low,
    CASE WHEN reason IN ('counted', 'capped', 'missing_fact') THEN converted_high ELSE 0 END AS high
FROM '$out/ledger.parquet';
