"""Tiers `lora` and `full`: move the trunk itself before the heads are fitted.

The trunk learns through a throw-away read-out (objective.py) over packed rows
(packing.py, attention.py). What comes out is a trunk of its own (weights.py); from
there on a training goes on as tier `head` does: features, heads, calibration, metrics
and card are made by the same functions.
"""
