"""Small models, and a scene for them."""

from __future__ import annotations

from gains.testing.small_models import scene
from gains.testing.small_models import small_model as build

__all__ = ["build", "scene"]
