"""A case of a campaign, and what every campaign does with one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import laws
from processes import Result
from stages import Laboratory, Reference, Stage, signatures


@dataclass(frozen=True)
class Case:
    """`name` identifies it for ever; `run` returns the violations and draws what is random from its argument alone."""

    name: str
    run: Callable[[random.Random], list[str]]


Campaign = Callable[[Laboratory, list[Stage], random.Random], Iterable[Case]]


def bases(stage: Stage) -> tuple[str, ...]:
    """What lies at the output's name before: nothing, or an older output of the same stage."""
    return ("fresh",) if stage.older is None else ("fresh", "older")


def begin(laboratory: Laboratory, stage: Stage, base: str) -> Reference:
    reference = laboratory.study(stage)
    laboratory.clean(laboratory.older(stage) if base == "older" else None)
    return reference


def judge(
    laboratory: Laboratory, stage: Stage, reference: Reference, result: Result, before: dict[str, tuple[int, ...]], *,
    base: str, codes: Iterable[int],
) -> list[str]:
    """The laws that hold after a run with faults and after the next one without them."""
    found = laws.civil(result, codes) + laws.spoken(result, stage) + laws.printed(result, stage, reference)
    found += laws.whole(laboratory, stage, reference, had_older=base == "older", done=result.code == 0)
    if result.code == 0:
        found += laws.left_behind(laboratory)
    if found:
        found.append(f"said {result.lines[:2]}")
    found += laws.converges(laboratory, stage, reference)
    if signatures(laboratory.inputs) != before:
        found.append("an input was touched")
    return found
