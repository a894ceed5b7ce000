"""Pacenote, the scoring library: no web framework, no queue, torch only in `prm`."""
