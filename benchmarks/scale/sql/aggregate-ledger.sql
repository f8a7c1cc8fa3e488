-- The ledger: cut records as they count, the others as they are.

COPY (
    SELECT record_id, person_id, period, converted, counted, recognise_rule, convert_rule,
        CASE WHEN counted < low OR counted_high < high THEN CASE capped WHEN 'year' THEN 'sichuan/self-study-cap@2016'::cap_rule ELSE 'medical/project-cap' END
             ELSE '' END AS cap_rule,
        CASE WHEN reason = 'counted' AND counted < low THEN 'capped'::reason ELSE reason END AS reason
    FROM (SELECT j.* EXCLUDE (low, high), j.low, j.high, coalesce(c.counted, j.low) AS counted, coalesce(c.counted_high, j.high) AS counted_high
          FROM judged j LEFT JOIN cut c ON c.record_id = j.record_id)
) TO '$out/ledger.parquet' (FORMAT parquet);
