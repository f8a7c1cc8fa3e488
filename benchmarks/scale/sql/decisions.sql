-- Outcomes of every person and year from "sums" (one row a person and year): the requirements, excuses and expectations.

COPY (
    WITH excused AS (
        SELECT DISTINCT person_id, unnest(range(year(start), year(coalesce("end", DATE '2020-12-31')) + 1)) AS period
        FROM circumstances WHERE kind = 'just_cause'
    ), years AS (
        SELECT p.person_id, p.sector, p.employer_kind, p.joined, y.period, e.person_id IS NOT NULL AS excused,
            coalesce(free, 0) + least(450000, coalesce(limited, 0)) AS total,
            coalesce(free_high, 0) + least(450000, coalesce(limited_high, 0)) AS total_high,
            coalesce(capped_off, 0) AS capped_off, coalesce(professional, 0) AS professional, coalesce(professional_high, 0) AS professional_high, coalesce(public, 0) AS public,
            coalesce(class_1, 0) AS class_1, coalesce(class_2, 0) AS class_2, coalesce(national, 0) AS national
        FROM persons p CROSS JOIN range(2016, 2021) y(period)
        LEFT JOIN sums s ON s.person_id = p.person_id AND s.period = y.period
        LEFT JOIN excused e ON e.person_id = p.person_id AND e.period = y.period
    ), owed AS (
        SELECT *, CASE sector WHEN 'medical' THEN 225000 ELSE 810000 END AS required,
            -- whether the hospital's level asks for ten national credits in five years is not known; nobody is asked
            -- who joined when a full month of the five years was over
            sector = 'medical' AND joined < make_date(CAST(period AS BIGINT) - 4, 2, 1) AND sum(national) OVER (PARTITION BY person_id ORDER BY period ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) < 90000
                AS national_open
        FROM years
    ), judged AS (
        -- what may be credits may be of either class
        SELECT *, total_high < required OR (sector = 'medical' AND total_high - total < greatest(45000 - class_1, 135000 - class_2)) AS failed,
            total < required OR national_open OR (sector = 'medical' AND (class_1 < 45000 OR class_2 < 135000)) AS open
        FROM owed
    ), concluded AS (
        -- a just cause excuses what the year asks, not what five years do
        SELECT *, CASE WHEN failed AND NOT excused THEN 'not_met' WHEN failed AND NOT national_open THEN 'excused'
            WHEN failed OR open THEN 'undetermined' ELSE 'met' END AS outcome
        FROM judged
    )
    SELECT person_id, CAST(period AS VARCHAR) AS period, CASE sector WHEN 'engineering' THEN 'sichuan' ELSE sector END AS policy, outcome,
        total, total_high, professional, public, required, greatest(0, required - total) AS shortfall, capped_off,
        CASE WHEN excused THEN '' ELSE concat_ws('; ',
            CASE WHEN sector = 'accounting' AND period >= 2019 AND professional_high * 3 < total * 2 THEN 'accounting/professional-share@2019' END,
            CASE WHEN sector <> 'medical' AND professional_high < 540000 THEN 'sichuan/professional-hours@2016' END) END AS advisories,
        CASE WHEN outcome = 'met' THEN 'appointment_basis'
             WHEN outcome = 'not_met' AND employer_kind IN ('state_organ', 'public_institution', 'social_organisation') THEN 'not_excellent'
             ELSE '' END AS consequences
    FROM concluded ORDER BY person_id, period
) TO '$out/decisions.parquet' (FORMAT parquet);
