-- The sums of every person and year: groups as they are where no limit can cut, else their records as they count.

CREATE OR REPLACE TEMP VIEW sums AS
WITH parts AS (
    SELECT person_id, period, CASE WHEN capped IS DISTINCT FROM 'year' THEN low ELSE 0 END AS free,
        CASE WHEN capped IS DISTINCT FROM 'year' THEN high ELSE 0 END AS free_high,
        CASE WHEN capped = 'year' THEN low END AS limited, CASE WHEN capped = 'year' THEN high END AS limited_high, 0 AS capped_off,
        professional, professional_high, public, class_1, class_2, national
    FROM groups ANTI JOIN full_groups USING (person_id, period, capped)
    UNION ALL
    SELECT person_id, period, CASE WHEN capped = 'year' THEN 0 ELSE counted END, CASE WHEN capped = 'year' THEN 0 ELSE counted_high END,
        CASE WHEN capped = 'year' THEN low END, CASE WHEN capped = 'year' THEN high END, low - counted,
        CASE WHEN kind & 1 > 0 THEN own ELSE 0 END, own_high, CASE WHEN kind & 2 > 0 THEN own ELSE 0 END,
        CASE WHEN kind & 4 > 0 THEN counted ELSE 0 END, CASE WHEN kind & 8 > 0 THEN counted ELSE 0 END,
        CASE WHEN kind & 16 > 0 THEN counted ELSE 0 END
    FROM cut
)
SELECT person_id, period, sum(free) AS free, sum(free_high) AS free_high, sum(limited) AS limited, sum(limited_high) AS limited_high,
    sum(capped_off) AS capped_off, sum(professional) AS professional, sum(professional_high) AS professional_high, sum(public) AS public,
    sum(class_1) AS class_1, sum(class_2) AS class_2, sum(national) AS national
FROM parts GROUP BY ALL;
