"""ISBI2014 in its three published forms."""
