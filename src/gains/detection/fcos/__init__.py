"""FCOS, the one-stage detector that CondInst extends."""
