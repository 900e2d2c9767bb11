"""The registry shown at work: ``make run`` (start.py) and ``make demo`` (tour.py)."""
