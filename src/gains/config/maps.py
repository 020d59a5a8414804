"""The parameters of gradient anomaly maps."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from gains.config.base import Settings


class MapSettings(Settings):
    """Parameters of gradient anomaly maps (paper, section II-C)."""

    RENAMED: ClassVar[dict[str, str]] = {"variant": "program"}

    program: Literal["isbi", "chrom", "nuclei"] = Field(
        "isbi", description="published program whose rules the maps follow, see anomaly-maps.md"
    )
    target_category: int = Field(1, ge=0, description="category that the maps are made of")
    window_size: int = Field(5, ge=2, description="side length of the deviation window in px")
    f_ga: float = Field(
        0.5, gt=0, description="strength of the anomaly; map values lie in [1, 1 + f_ga]"
    )
    overlap_highlight: float = Field(
        0.1, ge=0, description="value that is added where two objects overlap"
    )
    mode: Literal["as_published", "clean"] = Field(
        "clean", description="published computation with its errors, or the corrected one"
    )
    rasterize: Literal["coco", "points"] = Field(
        "coco",
        description="rule by which polygons become masks; points: that of the programs, only for "
        "`gains maps` on polygons",
    )

    @property
    def key(self) -> str:
        """Name that file names contain, e.g. ``isbi-t1-w5-f0.5-ol0.1-clean``."""
        name = (
            f"{self.program}-t{self.target_category}-w{self.window_size}-f{self.f_ga:g}"
            f"-ol{self.overlap_highlight:g}-{self.mode}"
        )
        return name if self.rasterize == "coco" else f"{name}-{self.rasterize}"
