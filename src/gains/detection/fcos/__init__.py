"""FCOS, the one-stage detector that CondInst builds on."""
