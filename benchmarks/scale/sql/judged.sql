-- Every record under the rules of policies/sichuan, sectors/accounting and sectors/medical in force from 2016, by hand:
-- records and persons in; out comes the view "judged", one row a record. Amounts are whole ticks, 9000 to an hour or
-- credit (every rate of the rules is a whole number of them); "low" and "high" enclose what a missing fact leaves open.
-- "capped": the key of the limit that the record falls under, NULL where none. "kind": which sums the record belongs to:
-- 1 professional, 2 public, 4 class 1, 8 class 2, 16 national project.

CREATE TYPE recognise_rule AS ENUM (
    '', 'accounting/failed-training@2014', 'accounting/recognise-activities@2018-07-01', 'accounting/recognise-exams@2018-07-01',
    'medical/recognise-activities@2016', 'medical/recognise-projects@2016', 'sichuan/recognise-academic@2016', 'sichuan/recognise-classes@2016',
    'sichuan/recognise-degree@2016', 'sichuan/recognise-distance@2016', 'sichuan/recognise-overseas@2016',
    'sichuan/recognise-practice@2016', 'sichuan/recognise-publication@2016', 'sichuan/recognise-self-study@2016',
    'sichuan/unpublished@2016', 'sichuan/unrelated@2016'
);
CREATE TYPE convert_rule AS ENUM (
    '', 'accounting/exam-credits@2018-07-01', 'accounting/meeting-credits@2018-07-01', 'medical/national-attendee',
    'medical/national-lecturer', 'medical/provincial-attendee', 'medical/provincial-lecturer',
    'medical/stated-credits', 'sichuan/publication-hours@2016', 'sichuan/self-study-hours@2016',
    'sichuan/stated-hours@2016', 'sichuan/stated-hours@2016+sichuan/time-hours@2016', 'sichuan/time-hours@2016'
);
CREATE TYPE cap_rule AS ENUM (
    '', 'sichuan/self-study-cap@2016', 'medical/project-cap'
);
CREATE TYPE reason AS ENUM (
    'counted', 'capped', 'rejected', 'missing_fact', 'not_recognised', 'no_conversion', 'no_exchange'
);

-- What must be shown: 1 approval and a result, 2 a result, 3 nothing to the contrary of a published work, 0 evidence alone.
CREATE OR REPLACE TEMP TABLE forms AS FROM (VALUES
    ('training', NULL, 0, 'sichuan/recognise-classes@2016'::recognise_rule), ('workshop', NULL, 0, 'sichuan/recognise-classes@2016'),
    ('further_study', NULL, 0, 'sichuan/recognise-classes@2016'), ('distance', NULL, 0, 'sichuan/recognise-distance@2016'),
    ('conference', NULL, 0, 'sichuan/recognise-academic@2016'), ('lecture', NULL, 0, 'sichuan/recognise-academic@2016'),
    ('visit', NULL, 0, 'sichuan/recognise-academic@2016'), ('practice', NULL, 0, 'sichuan/recognise-practice@2016'),
    ('overseas', NULL, 0, 'sichuan/recognise-overseas@2016'), ('degree', NULL, 0, 'sichuan/recognise-degree@2016'),
    ('self_study', NULL, 1, 'sichuan/recognise-self-study@2016'), ('publication', NULL, 3, 'sichuan/recognise-publication@2016'),
    ('accounting_exam', 'accounting', 2, 'accounting/recognise-exams@2018-07-01'),
    ('accounting_meeting', 'accounting', 0, 'accounting/recognise-activities@2018-07-01'),
    ('cme_project', 'medical', 0, 'medical/recognise-projects@2016'), ('cme_activity', 'medical', 0, 'medical/recognise-activities@2016')
) t(form, sector, shown, recognise);

-- Ticks for one of the unit; '' is a record without a unit, which counts at most what its greatest unit would give.
CREATE OR REPLACE TEMP TABLE rates AS FROM (VALUES
    ('common', 'minutes', '', '', 200, 'sichuan/time-hours@2016'::convert_rule), ('common', 'clock_hours', '', '', 12000, 'sichuan/time-hours@2016'),
    ('common', 'hours', '', '', 9000, 'sichuan/stated-hours@2016'),
    ('common', '', '', '', 12000, 'sichuan/stated-hours@2016+sichuan/time-hours@2016'),
    ('self_study', 'characters', '', '', 9, 'sichuan/self-study-hours@2016'), ('self_study', '', '', '', 9, 'sichuan/self-study-hours@2016'),
    ('publication', 'characters', '', '', 18, 'sichuan/publication-hours@2016'), ('publication', '', '', '', 18, 'sichuan/publication-hours@2016'),
    ('accounting_exam', 'items', '', '', 810000, 'accounting/exam-credits@2018-07-01'),
    ('accounting_meeting', 'days', '', '', 90000, 'accounting/meeting-credits@2018-07-01'),
    ('cme_activity', 'credits', '', '', 9000, 'medical/stated-credits'),
    ('cme_project', 'clock_hours', 'national_project', 'attendee', 3000, 'medical/national-attendee'),
    ('cme_project', 'clock_hours', 'national_project', 'lecturer', 18000, 'medical/national-lecturer'),
    ('cme_project', 'clock_hours', 'provincial_project', 'attendee', 1500, 'medical/provincial-attendee'),
    ('cme_project', 'clock_hours', 'provincial_project', 'lecturer', 9000, 'medical/provincial-lecturer')
) t(form, unit, level, role, rate, convert);

-- What sector, form, unit, level and role come to: one small table, so that a record is looked up once.
CREATE OR REPLACE TEMP TABLE ways AS
SELECT s.sector, f.form, u.unit, l.level, o.role, f.shown, f.recognise, r.rate, u.unit = '' AS open,
    f.sector IS NOT NULL AND f.sector <> s.sector AS strange, coalesce(f.sector = 'accounting', false) AS accounts,
    s.sector = 'medical' AND f.sector IS NULL AS elsewhere,  -- hours, which the credits of medicine know no exchange for
    s.sector <> 'medical' AND f.form IN ('self_study', 'publication') AS by_year, s.sector = 'medical' AND f.form = 'cme_project' AS by_project,
    CASE WHEN r.rate IS NULL OR (s.sector = 'medical' AND f.sector IS NULL) THEN '' ELSE r.convert END AS convert
FROM (VALUES ('accounting'), ('medical'), ('engineering')) s(sector)
CROSS JOIN forms f
CROSS JOIN (VALUES ('minutes'), ('clock_hours'), ('hours'), ('characters'), ('items'), ('days'), ('credits'), ('')) u(unit)
CROSS JOIN (VALUES ('national_project'), ('provincial_project'), ('')) l(level)
CROSS JOIN (VALUES ('attendee'), ('lecturer'), ('')) o(role)
LEFT JOIN rates r ON r.unit = u.unit AND r.level = l.level AND r.role = o.role
    AND r.form = CASE WHEN f.form IN (SELECT form FROM rates) THEN f.form ELSE 'common' END;

CREATE OR REPLACE TEMP VIEW judged AS
WITH told AS (
    SELECT record_id, r.person_id, CAST(year(r."end") AS SMALLINT) AS period, r."end", w.*,
        coalesce(w.sector = 'accounting' AND failed, false) AS flunked,  -- before July 2018 training counts where it was passed
        evidence, published, job_related,
        w.elsewhere AND w.open AND quantity <= 10000 AS credited,  -- without a unit they may be credits, within what a record may have of them
        CASE WHEN strange OR (accounts AND r."end" < DATE '2018-07-01') THEN -1  -- no rule recognises it
             WHEN evidence IS NULL OR flunked THEN 0
             WHEN shown = 0 THEN 1
             WHEN shown = 3 THEN CASE WHEN NOT published OR NOT job_related THEN 0 ELSE 1 END
             WHEN result <> 'passed' OR (shown = 1 AND NOT approved) THEN 0
             WHEN result IS NULL OR (shown = 1 AND approved IS NULL) THEN 2  -- in need of review
             ELSE 1 END AS state,
        CASE WHEN credited THEN CAST(quantity * 9000 AS BIGINT) WHEN rate IS NULL OR strange OR elsewhere THEN 0
            ELSE CAST(quantity * rate AS BIGINT) END AS amount,
        CASE WHEN by_year THEN 'year' WHEN by_project THEN coalesce(project, '') END AS capped,
        CAST(CASE subject WHEN 'professional' THEN 1 WHEN 'public' THEN 2 ELSE 0 END
            + CASE credit_class WHEN 'class_1' THEN 4 WHEN 'class_2' THEN 8 ELSE 0 END
            + CASE WHEN project_level = 'national_project' THEN 16 ELSE 0 END AS TINYINT) AS kind
    FROM (SELECT *, form IN ('training', 'workshop', 'further_study', 'distance') AND result = 'failed' AND "end" < DATE '2018-07-01' AS failed
          FROM records) r
    JOIN persons p ON p.person_id = r.person_id
    JOIN ways w ON w.sector = p.sector AND w.form = r.form AND w.unit = coalesce(r.unit, '')
        AND w.level = coalesce(project_level, '') AND w.role = coalesce(project_role, '')
)
SELECT record_id, person_id, period, "end", kind, capped,
    CASE WHEN open OR state < 0 THEN 0 ELSE amount END AS converted, CASE WHEN state < 0 THEN 0 ELSE amount END AS converted_high,
    CASE WHEN state = 1 AND NOT open THEN amount ELSE 0 END AS low, CASE WHEN state > 0 THEN amount ELSE 0 END AS high,
    CASE WHEN state < 0 THEN ''::recognise_rule
         WHEN flunked AND evidence IS NOT NULL THEN 'accounting/failed-training@2014'
         WHEN shown = 3 AND evidence IS NOT NULL AND NOT published THEN 'sichuan/unpublished@2016'
         WHEN shown = 3 AND evidence IS NOT NULL AND NOT job_related THEN 'sichuan/unrelated@2016' ELSE recognise END AS recognise_rule,
    CASE WHEN state < 0 THEN ''::convert_rule WHEN credited THEN 'medical/stated-credits' ELSE convert END AS convert_rule,
    CASE WHEN state < 0 THEN 'not_recognised'::reason WHEN state = 0 THEN 'rejected' WHEN rate IS NULL THEN 'no_conversion'
         WHEN elsewhere AND NOT credited THEN 'no_exchange' WHEN state = 2 OR open THEN 'missing_fact' ELSE 'counted' END AS reason
FROM told;
