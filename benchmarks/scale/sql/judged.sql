-- Every record under the rules of policies/sichuan, sectors/accounting and sectors/medical in force from 2016, by hand:
-- records and persons in; out comes the view "judged", one row a record. Amounts are whole ticks, 9000 to an hour or credit
-- (every rate of the rules is a whole number of them); "low" and "high" enclose what a missing fact leaves open.
-- "capped": the key of the limit that the record falls under, NULL where none. "kind": which sums the record belongs to:
-- 1 professional, 2 public, 4 class 1, 8 class 2, 16 national project.

-- Words as enumerations: comparing and sorting them is comparing and sorting small integers.
CREATE TYPE form AS ENUM (
    'training', 'workshop', 'further_study', 'conference', 'lecture', 'visit', 'distance', 'practice', 'overseas', 'degree', 'self_study', 'publication', 'accounting_exam', 'accounting_meeting', 'cme_project', 'cme_activity');
CREATE TYPE unit AS ENUM (
    'minutes', 'clock_hours', 'hours', 'characters', 'items', 'days', 'credits');
CREATE TYPE sector AS ENUM (
    'accounting', 'medical', 'engineering');
CREATE TYPE result AS ENUM (
    'passed', 'failed');
CREATE TYPE recognise_rule AS ENUM (
    '', 'accounting/recognise-activities@2018-07-01', 'accounting/recognise-exams@2018-07-01', 'medical/recognise-projects', 'sichuan/recognise-academic@2016', 'sichuan/recognise-classes@2016', 'sichuan/recognise-degree@2016', 'sichuan/recognise-distance@2016', 'sichuan/recognise-overseas@2016', 'sichuan/recognise-practice@2016', 'sichuan/recognise-publication@2016', 'sichuan/recognise-self-study@2016', 'sichuan/unpublished@2016', 'sichuan/unrelated@2016');
CREATE TYPE convert_rule AS ENUM (
    '', 'accounting/exam-credits@2018-07-01', 'accounting/meeting-credits@2018-07-01', 'medical/national-attendee', 'medical/national-lecturer', 'medical/provincial-attendee', 'medical/provincial-lecturer', 'medical/stated-credits', 'sichuan/publication-hours@2016', 'sichuan/self-study-hours@2016', 'sichuan/stated-hours@2016', 'sichuan/stated-hours@2016+sichuan/time-hours@2016', 'sichuan/time-hours@2016');
CREATE TYPE cap_rule AS ENUM (
    '', 'sichuan/self-study-cap@2016', 'medical/project-cap');
CREATE TYPE reason AS ENUM (
    'counted', 'capped', 'rejected', 'missing_fact', 'not_recognised', 'no_conversion', 'no_exchange');

CREATE OR REPLACE TEMP VIEW judged AS
WITH told AS (
    SELECT record_id, r.person_id, CAST(year(r."end") AS SMALLINT) AS period, r."end", form, unit, subject, quantity, project, sector,
        form IN ('cme_project', 'cme_activity') AS medics,
        -- stage 1: 1 recognised, 0 rejected, 2 in need of review, -1 not recognised by any rule
        CASE WHEN form IN ('accounting_exam', 'accounting_meeting') AND (sector <> 'accounting' OR r."end" < DATE '2018-07-01') THEN -1
             WHEN form IN ('cme_project', 'cme_activity') AND sector <> 'medical' THEN -1
             WHEN evidence IS NULL THEN 0
             WHEN form = 'self_study' THEN CASE WHEN NOT approved OR result <> 'passed' THEN 0
                                                WHEN approved IS NULL OR result IS NULL THEN 2 ELSE 1 END
             WHEN form = 'accounting_exam' THEN CASE WHEN result <> 'passed' THEN 0 WHEN result IS NULL THEN 2 ELSE 1 END
             WHEN form = 'publication' AND (NOT published OR NOT job_related) THEN 0
             ELSE 1 END AS state,
        CASE WHEN form = 'publication' AND NOT published AND evidence IS NOT NULL THEN 'sichuan/unpublished@2016'::recognise_rule
             WHEN form = 'publication' AND NOT job_related AND evidence IS NOT NULL THEN 'sichuan/unrelated@2016'
             WHEN form IN ('training', 'workshop', 'further_study') THEN 'sichuan/recognise-classes@2016'
             WHEN form IN ('conference', 'lecture', 'visit') THEN 'sichuan/recognise-academic@2016'
             WHEN form = 'distance' THEN 'sichuan/recognise-distance@2016'
             WHEN form = 'practice' THEN 'sichuan/recognise-practice@2016'
             WHEN form = 'overseas' THEN 'sichuan/recognise-overseas@2016'
             WHEN form = 'degree' THEN 'sichuan/recognise-degree@2016'
             WHEN form = 'self_study' THEN 'sichuan/recognise-self-study@2016'
             WHEN form = 'publication' THEN 'sichuan/recognise-publication@2016'
             WHEN form = 'accounting_exam' THEN 'accounting/recognise-exams@2018-07-01'
             WHEN form = 'accounting_meeting' THEN 'accounting/recognise-activities@2018-07-01'
             ELSE 'medical/recognise-projects' END AS recognise,
        -- stage 2: the rate in ticks, and the rule
        CASE WHEN form = 'self_study' THEN CASE WHEN coalesce(unit, 'characters') = 'characters' THEN 9 END
             WHEN form = 'publication' THEN CASE WHEN coalesce(unit, 'characters') = 'characters' THEN 18 END
             WHEN form = 'accounting_exam' THEN CASE unit WHEN 'items' THEN 810000 END
             WHEN form = 'accounting_meeting' THEN CASE unit WHEN 'days' THEN 90000 END
             WHEN form = 'cme_activity' THEN CASE unit WHEN 'credits' THEN 9000 END
             WHEN form = 'cme_project' THEN
                CASE WHEN project_level = 'national_project' THEN CASE project_role WHEN 'attendee' THEN 3000 WHEN 'lecturer' THEN 18000 END
                     WHEN project_level = 'provincial_project' THEN CASE project_role WHEN 'attendee' THEN 1500 WHEN 'lecturer' THEN 9000 END
                END / CASE unit WHEN 'clock_hours' THEN 1 WHEN 'minutes' THEN 60 END
             ELSE CASE unit WHEN 'minutes' THEN 200 WHEN 'clock_hours' THEN 12000 WHEN 'hours' THEN 9000 ELSE CASE WHEN unit IS NULL THEN 12000 END END
             END AS rate,
        CASE WHEN form = 'self_study' THEN 'sichuan/self-study-hours@2016'::convert_rule
             WHEN form = 'publication' THEN 'sichuan/publication-hours@2016'
             WHEN form = 'accounting_exam' THEN 'accounting/exam-credits@2018-07-01'
             WHEN form = 'accounting_meeting' THEN 'accounting/meeting-credits@2018-07-01'
             WHEN form = 'cme_activity' THEN 'medical/stated-credits'
             WHEN form = 'cme_project' THEN
                CASE WHEN project_level = 'national_project' THEN CASE project_role WHEN 'attendee' THEN 'medical/national-attendee' ELSE 'medical/national-lecturer' END
                     ELSE CASE project_role WHEN 'attendee' THEN 'medical/provincial-attendee' ELSE 'medical/provincial-lecturer' END END
             WHEN unit = 'hours' THEN 'sichuan/stated-hours@2016'
             WHEN unit IS NULL THEN 'sichuan/stated-hours@2016+sichuan/time-hours@2016'
             ELSE 'sichuan/time-hours@2016' END AS convert,
        CAST(CASE subject WHEN 'professional' THEN 1 WHEN 'public' THEN 2 ELSE 0 END
            + CASE credit_class WHEN 'class_1' THEN 4 WHEN 'class_2' THEN 8 ELSE 0 END
            + CASE WHEN project_level = 'national_project' THEN 16 ELSE 0 END AS TINYINT) AS kind
    FROM (SELECT * REPLACE (form::form AS form, unit::unit AS unit, result::result AS result) FROM records) r
    LEFT JOIN (SELECT person_id, sector::sector AS sector FROM persons) p ON p.person_id = r.person_id
), converted AS (
    SELECT *, sector = 'medical' AND NOT medics AS elsewhere,  -- hours, which the credits of medicine know no exchange for
        CASE WHEN state < 0 OR rate IS NULL OR (sector = 'medical' AND NOT medics) THEN 0 ELSE CAST(quantity * rate AS BIGINT) END AS most
    FROM told
)
SELECT record_id, person_id, period, "end", kind, CASE WHEN unit IS NULL THEN 0 ELSE most END AS converted, most AS converted_high,
    CASE WHEN state = 1 AND unit IS NOT NULL THEN most ELSE 0 END AS low,
    CASE WHEN state > 0 THEN most ELSE 0 END AS high,
    CASE WHEN state < 0 THEN ''::recognise_rule ELSE recognise END AS recognise_rule,
    CASE WHEN state < 0 OR rate IS NULL OR elsewhere THEN ''::convert_rule ELSE convert END AS convert_rule,
    CASE WHEN state < 0 THEN 'not_recognised'::reason WHEN state = 0 THEN 'rejected' WHEN rate IS NULL THEN 'no_conversion'
         WHEN elsewhere THEN 'no_exchange' WHEN state = 2 OR unit IS NULL THEN 'missing_fact' ELSE 'counted' END AS reason,
    CASE WHEN sector = 'medical' THEN CASE WHEN form = 'cme_project' THEN coalesce(project, '') END
         WHEN form IN ('self_study', 'publication') THEN 'year' END AS capped
FROM converted;
