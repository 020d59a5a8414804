"""What a table of validations says, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gains.certainty.judgement import SIGNIFICANT
from gains.certainty.paired import FEWEST
from gains.support.durations import duration
from gains.tables.numerals import limit
from gains.tables.validation.curves import BEST, SHARES, Curve
from gains.tables.validation.sections import ValidatedRow, ValidatedSection
from gains.tables.validation.specs import ValidatedDatasetSpec, ValidationSpec

TITLES = {"third": "at 1/3", "two_thirds": "at 2/3", "end": "at the end"}
"""Places of a schedule in words."""
NAMED = 5
"""Rows that a sentence names; of more rows it gives the number."""
NOT_SEEN = (
    "No test image of the same fold was looked at; with several folds, the validation images of "
    "one are test images of another."
)
BY_CHANCE = (
    "A table with many rows has a largest difference also where no setting matters; only a "
    f"corrected p below {SIGNIFICANT} says that there is one."
)


def notes_on_validations(spec: ValidationSpec, sections: Sequence[ValidatedSection]) -> list[str]:
    """Return the notes below a table."""
    kept = "whose weights are kept" if spec.picks else "also where the last weights are kept"
    found = [
        f"Study {spec.study}: {spec.study_title}.",
        "All values come from the validation parts, which also pick the weights, so they are "
        f"optimistic and serve comparison only. {NOT_SEEN}",
        *(_rests_on(section, spec) for section in sections),
        *(_absent(dataset) for dataset in spec.datasets if dataset.absent),
        f"Best: highest value of the validations of a training, {kept}. At 1/3, 2/3 and the end: "
        "last validation up to this share of the row's own schedule. Slope: points per 100 "
        "iterations at the end, the median of the slopes between all pairs of validations in the "
        "last third (Theil and Sen). A slope near 0 after the learning rate was lowered does not "
        "say that a longer schedule would not help.",
        f"Mean ± sample standard deviation over seeds and folds; none for fewer than {FEWEST}.",
    ]
    if any(row.spec.against for section in sections for row in section.rows):
        found += [
            "Differences are paired by seed and fold. In brackets: interval of 95% by Student's t, "
            "with the variance sd² (1/pairs + validation images/training images) of Nadeau and "
            "Bengio, because folds share training images. p: corrected for all rows that are "
            f"compared on the data set (Holm); bold: below {SIGNIFICANT}.",
            BY_CHANCE,
        ]
    return found


def _rests_on(section: ValidatedSection, spec: ValidationSpec) -> str:
    """Return what the values of a data set are measured on, and what its trainings took."""
    dataset, curves = section.dataset, section.curves
    folds = ", ".join(map(str, dataset.folds))
    early = sum(curve.ended_early for curve in curves)
    return (
        f"{dataset.title}: {dataset.metric} in percent at {_thresholds(curves)}, on "
        f"{_images(curves)} in each validation part; fold{'s' * (len(dataset.folds) > 1)} {folds}, "
        f"{len(spec.seeds)} seed{'s' * (len(spec.seeds) > 1)}; {len(curves)} trainings of "
        f"{duration(sum(curve.seconds for curve in curves))} together"
        + (f", of which {early} ended early" if early else "")
        + "."
    )


def _thresholds(curves: Sequence[Curve]) -> str:
    found = sorted({limit(float(curve.threshold or 0)) for curve in curves})
    return f"score threshold{'s' * (len(found) > 1)} {', '.join(found)}"


def _images(curves: Sequence[Curve]) -> str:
    least, most = (choose(curve.images for curve in curves) for choose in (min, max))
    if least == most:
        return f"{most} image{'s' * (most > 1)}"
    return f"{least} to {most} images"


def _absent(dataset: ValidatedDatasetSpec) -> str:
    return (
        f"{dataset.title} is not on this machine ({dataset.absent} does not exist), so the "
        "table is not complete."
    )


def verdicts(section: ValidatedSection) -> list[str]:
    """Return what the trainings say about a data set: differences, then order."""
    return [*_ahead(section), *_order(section), *_turned(section)]


def _ahead(section: ValidatedSection) -> Iterator[str]:
    """Yield which rows the pairs tell from the row that they are compared with."""
    compared = [row for row in section.rows if row.comparisons]
    if not compared:
        return
    tested = [row for row in compared if not math.isnan(row.comparisons[BEST].p_holm)]
    if not tested:
        yield (
            f"No difference is tested: an interval needs at least {FEWEST} pairs of trainings that "
            "do not all differ by the same amount."
        )
        return
    apart = [row for row in tested if row.comparisons[BEST].told_apart]
    for row in apart:
        mean = row.comparisons[BEST].difference.mean
        side = "ahead of" if mean > 0 else "behind"
        yield (
            f"{row.spec.label} is {side} {row.spec.against} by {abs(mean):.1f} points of "
            f"{section.dataset.metric}, more than chance explains."
        )
    if not apart:
        yield (
            "No row differs from the row that it is compared with by more than chance explains "
            f"({section.dataset.metric}, best value)."
        )


def _order(section: ValidatedSection) -> Iterator[str]:
    """Yield whether the order of the rows changes in the course of the training."""
    count = len(section.rows)
    pairs = count * (count - 1) // 2
    for place in ("third", "two_thirds"):
        swapped = section.swapped(place, "end")
        if count > 1:
            changes = (
                f"{swapped} of {pairs} pairs of rows change sides" if swapped else "does not change"
            )
            link = "changes: " if swapped else ""
            yield f"From {TITLES[place][3:]} of the schedule to its end, the order {link}{changes}."


def _turned(section: ValidatedSection) -> Iterator[str]:
    """Yield which compared rows are ahead at one place of the schedule and behind at another."""
    turned = section.turned
    if len(turned) > NAMED:
        compared = sum(bool(row.comparisons) for row in section.rows)
        yield f"{len(turned)} of {compared} differences change their sign in the course of it."
        return
    for row in turned:
        yield f"{_course(row)}: the sign of this difference changes in the course of it."


def _course(row: ValidatedRow) -> str:
    means = (f"{row.comparisons[name].difference.mean:+z.1f} {TITLES[name]}" for name in SHARES)
    return f"{row.spec.label} minus {row.spec.against} is {', '.join(means)}"
