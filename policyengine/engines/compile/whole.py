"""Inputs that fit in memory, judged by compiled queries on any host: plans and inputs go in, a trace comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from policyengine.engines.compile import aside, decode
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.run import opened
from policyengine.engines.protocol import Periods, Selection
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from policyengine.trace import Result


def trace_of(
    plans: Sequence[Plan],
    host: Host,
    inputs: Inputs,
    periods: Periods | None,
    as_of: date | None,
    selection: Selection | None,
    judge: JudgeOne | None,
) -> Result | None:
    """Judge everybody in ``inputs``, in the order of the reference's rows. The host's tables are dropped.

    None where a plan says what only the reference evaluator can judge.
    """
    try:
        evaluation = opened(plans, host, load_inputs(host, inputs, plans), periods, as_of, selection)
        if evaluation is None:
            return Result((), (), (), ())
        others = list(aside.results(evaluation, judge))
        evaluation.entries.load_words()
        evaluation.entries.keep()
        evaluation.ask()
        evaluation.decide()
        return decode.together(evaluation, others)
    except Inexpressible:
        return None
    finally:
        host.close()
