"""Measurements in words and pictures: what a session found goes in; tables, a plot and figures as JSON come out."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.scale.contestants import CONTESTANTS
from benchmarks.scale.job import WORKS
from benchmarks.scale.measure import Measured
from benchmarks.scale.register import digits
from benchmarks.scale.session import Asked, Key

MEASURE, OWN = "window", "policyengine"
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"


@dataclass(frozen=True)
class Report:
    """Medians over the turns; a ratio is the median of the ratios of the same turns.

    ``engines``: records a second that general engines judge, person by person (``benchmarks/persons.py``).
    """

    found: Mapping[Key, Measured]
    asked: Asked
    engines: Sequence[Mapping[str, Any]] = ()

    def text(self) -> str:
        """All tables, as Markdown."""
        parts = [self._table(work) for work in self.asked.works]
        return "\n\n".join(p for p in (*parts, self._growth(), self._people(), self._goals()) if p)

    def write(self, folder: Path) -> None:
        """``results.md``, ``results.json`` and, where matplotlib is installed, ``cost.svg``."""
        (folder / "results.md").write_text(self.text() + "\n", encoding="utf-8")
        rows = [
            dict(zip(("records", "work", "contestant", "turn"), key, strict=True)) | asdict(measured)
            for key, measured in sorted(self.found.items())
        ]
        (folder / "results.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        self.plot(folder / "cost.svg")

    def put_into(self, page: Path) -> None:
        """Put the tables between the marks of a page, and the plot beside it."""
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        picture = page.with_name("benchmarks-cost.svg")
        self.plot(picture)
        shown = f"\n\n![seconds and peak memory by records]({picture.name})" if picture.exists() else ""
        page.write_text(f"{before}{BEGIN}\n{self.text()}{shown}\n{END}{after}", encoding="utf-8")

    # --- figures ---

    def _of(self, size: int, work: str, name: str) -> list[Measured | None]:
        own = [self.found.get((size, work, name, turn)) for turn in range(self.asked.turns)]
        return [m if m is not None and not m.failure else None for m in own]

    def median(self, size: int, work: str, name: str, what: Callable[[Measured], float]) -> float | None:
        known = [what(m) for m in self._of(size, work, name) if m is not None]
        return statistics.median(known) if known else None

    def ratio(
        self, size: int, one: tuple[str, str], other: tuple[str, str], what: Callable[[Measured], float]
    ) -> float | None:
        """How many times the other's cost the one's is. Each: work and contestant."""
        pairs = zip(self._of(size, *one), self._of(size, *other), strict=True)
        known = [what(a) / what(b) for a, b in pairs if a is not None and b is not None]
        return statistics.median(known) if known else None

    # --- tables ---

    def _table(self, work: str) -> str:
        head = ("records", WORKS[work], "wall", "processor", "memory", "wall ratio", "processor ratio", "records/s")
        rows = []
        for size in self.asked.sizes:
            for name in self.asked.contestants:
                wall = self.median(size, work, name, _wall)
                if wall is None:
                    continue
                cpu, peak = self.median(size, work, name, _cpu), self.median(size, work, name, _peak)
                ratios = [self.ratio(size, (work, name), (work, MEASURE), what) for what in (_wall, _cpu)]
                costs = (f"{wall:.1f} s", f"{cpu:.1f} s", f"{peak:.0f} MiB")
                rows.append(
                    (digits(size), CONTESTANTS[name].title, *costs, *map(_times, ratios), f"{size / wall:,.0f}")
                )
        return _markdown(head, rows) if rows else ""

    def _growth(self) -> str:
        """Seconds a million records by size, and how many times those of the smallest size they are."""
        if len(self.asked.sizes) < 2:
            return ""
        head = ["processor seconds a million records"] + [digits(size) for size in self.asked.sizes] + ["last to first"]
        rows = []
        for work in self.asked.works:
            for name in self.asked.contestants:
                costs = [self.median(size, work, name, _cpu) for size in self.asked.sizes]
                each = [
                    c / size * 1e6 if c is not None else None for c, size in zip(costs, self.asked.sizes, strict=True)
                ]
                if each[0] is not None and sum(e is not None for e in each) > 1:
                    last = next(e for e in reversed(each) if e is not None)
                    cells = ["" if e is None else f"{e:.2f} s" for e in each]
                    rows.append((f"{CONTESTANTS[name].title}: {work}", *cells, _times(last / each[0])))
        return _markdown(head, rows) if rows else ""

    def _people(self) -> str:
        """Engines that judge one person after another, on one processor, beside the compiled engine on one."""
        own = [(size, self.median(size, "full", OWN, _cpu)) for size in self.asked.sizes]
        rates = [size / cpu for size, cpu in own if cpu is not None]
        if not self.engines or not rates:
            return ""
        each = f"compiled engine at {self._last()}, records a processor second"
        head = ("one by one on one processor", "persons/s", "records/s", each)
        rows = [
            (e["engine"], f"{e['persons']:,.0f}", f"{e['records']:,.0f}", _times(rates[-1] / e["records"]))
            for e in self.engines
        ]
        return _markdown(head, rows)

    def _last(self) -> str:
        sizes = [size for size in self.asked.sizes if self.median(size, "full", OWN, _cpu) is not None]
        return digits(sizes[-1])

    def _goals(self) -> str:
        rows = [(digits(size), *goal) for size in self.asked.sizes for goal in self._aims(size)]
        return (
            _markdown(("records", "what is aimed at", "bar", "goal", "by wall", "by processor"), rows) if rows else ""
        )

    def _aims(self, size: int) -> Iterator[tuple[str, ...]]:
        own = OWN
        aims = (
            ("decisions and ledger, against the window by hand", "0.6", "0.35", ("full", own), ("full", MEASURE)),
            ("decisions and ledger, against merely reading", "", "4.5", ("full", own), ("full", "read")),
            ("decisions alone, against merely reading", "3", "2", ("decisions", own), ("full", "read")),
        )
        for text, bar, goal, one, other in aims:
            found = [self.ratio(size, one, other, what) for what in (_wall, _cpu)]
            if found[0] is not None:
                yield text, bar, goal, _times(found[0]), _times(found[1])
        costs = [
            [self.median(size, *pair, what) for pair in (("csv", own), ("full", own), ("csv", "read"))]
            for what in (_wall, _cpu)
        ]
        if all(c is not None for c in costs[0]):
            shown = [_times(c[0] / (c[1] + c[2])) for c in costs if None not in c]  # type: ignore[operator]
            yield "CSV in, against Parquet in and reading the CSV", "1.3", "", *shown
        peak = self.median(size, "full", own, _peak)
        if peak is not None:
            yield "decisions and ledger, peak memory", "1024 MiB", "", f"{peak:.0f} MiB", ""

    # --- plot ---

    def plot(self, path: Path) -> None:
        """Seconds and memory by size, on logarithmic scales. Nothing where there is no matplotlib or only one size."""
        try:
            import matplotlib

            matplotlib.use("svg")
            from matplotlib import pyplot, ticker
        except ImportError:
            return
        if len(self.asked.sizes) < 2:
            return
        matplotlib.rcParams["svg.hashsalt"] = "policyengine"
        figure, axes = pyplot.subplots(1, 2, figsize=(11, 5.6), layout="constrained")
        for axis, what, label in zip(axes, (_wall, _peak), ("seconds", "peak memory, MiB"), strict=True):
            for name in self.asked.contestants:
                for work, style in (("full", "-"), ("decisions", ":")):
                    points = [(size, self.median(size, work, name, what)) for size in self.asked.sizes]
                    known = [(size, cost) for size, cost in points if cost is not None]
                    if known:
                        title = CONTESTANTS[name].title + (", decisions alone" if work == "decisions" else "")
                        look = {"color": f"C{list(CONTESTANTS).index(name)}", "linewidth": 2.5 if name == OWN else 1.2}
                        axis.plot(*zip(*known, strict=True), style, marker="o", markersize=4, label=title, **look)
            axis.set(xscale="log", yscale="log", xlabel="records", ylabel=label)
            axis.set_xticks(self.asked.sizes, [digits(size) for size in self.asked.sizes])
            axis.xaxis.set_minor_locator(ticker.NullLocator())
            axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            axis.yaxis.set_minor_locator(ticker.NullLocator())
            axis.grid(alpha=0.3)
        axes[1].axhline(1024, color="grey", linewidth=0.8, linestyle="--")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def _wall(m: Measured) -> float:
    return m.wall


def _cpu(m: Measured) -> float:
    return m.cpu


def _peak(m: Measured) -> float:
    return m.peak


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}×"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)
