"""Parts that several detectors share: proposals, RoIs, box heads, mask heads, FCOS."""
