"""The numbers that papers print."""

from __future__ import annotations

from gains.published.records import numbers, row_names, sources


def test_published_table_three_has_thirteen_rows() -> None:
    assert row_names("GAInS", "III") == [
        "Mask R-CNN (R50)",
        "Mask R-CNN (R101)",
        "Mask Scoring R-CNN",
        "PISA",
        "Cascade R-CNN",
        "CondInst",
        "HTC",
        "PointRend",
        "Occlusion R-CNN",
        "DoNet",
        "FastInst",
        "GAInS",
        "GAInS (R101)",
    ]


def test_published_fractions_become_percent() -> None:
    dice = [n for n in numbers() if n.paper == "DoNet" and n.table == "2" and n.row == "DoNet"]
    assert dice[0].value == 92.1


def test_the_numbers_of_a_configuration_are_found_in_all_papers() -> None:
    found = sources("GAInS", "III", "Mask R-CNN (R50)", "ISBI2014", "Mask R-CNN")
    assert found[0].row == "Mask R-CNN (R50)"
    assert {(n.paper, n.table, n.row) for n in found} == {
        ("GAInS", "III", "Mask R-CNN (R50)"),
        ("GAInS", "II", "Baseline"),
        ("DoNet", "1", "Mask R-CNN"),
        ("DoNet", "3", "Base"),
        ("DoNet", "4", "Hi"),
    }
    deep = sources("GAInS", "III", "Mask R-CNN (R101)", "ISBI2014", "Mask R-CNN")
    assert {n.row for n in deep} == {"Mask R-CNN (R101)"}


def test_a_row_of_the_same_name_is_found_although_its_modules_differ() -> None:
    found = sources("GAInS", "III", "DoNet", "ISBI2014", "DoNet DRM+CRM")
    assert {(n.paper, n.table, n.row) for n in found} == {
        ("GAInS", "III", "DoNet"),
        ("DoNet", "1", "DoNet"),
        ("DoNet", "2", "DoNet"),
        ("DoNet", "3", "Base+DRM+CRM"),
        ("DoNet", "4", "Hi+Ho+Hm+FU+Lcons"),
    }


def test_the_classes_that_equal_ours() -> None:
    ours = ("target", "average", "cytoplasms", "Nuclei", "Epithelial")
    found = {n.subset: [subset for subset in ours if n.is_of(subset)] for n in numbers()}
    assert found == {
        "cell": ["target", "cytoplasms"],
        "cytoplasm": ["target", "cytoplasms"],
        "nucleus": ["Nuclei"],
        "average": ["average"],
        "all": ["average"],
    }


def test_what_is_unknown_is_none() -> None:
    texts = ("backbone", "configuration", "test_size", "recipe", "picking")
    assert all("" not in [getattr(n.conditions, name) for name in texts] for n in numbers())
    assert all(n.definition != "" for n in numbers())
    (found,) = {n.conditions for n in numbers() if (n.paper, n.row) == ("Layering", "UNet-2")}
    assert found.recipe is None
    assert found.picking is not None
