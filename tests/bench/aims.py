"""The aims: how far banyan may be from each yardstick, and at what size that is to be judged.

An aim belongs to a row and to one of its yardsticks, or, with None for the yardstick, to the row's
own figure. This is the only table of them; everything else that is printed is measured.
"""


class Aim:
    """A limit for the median. most: one for the maximum, too; then a single round decides."""

    def __init__(self, sign, limit, unit="", size=None, most=None):
        self.sign, self.limit, self.unit, self.size, self.most = sign, limit, unit, size, most

    def is_met(self, value):
        return value <= self.limit if self.sign == "<=" else value >= self.limit

    def is_met_by(self, series):
        return self.is_met(series.median) and (self.most is None or series.most <= self.most)

    def is_certain(self, series):
        """All rounds say the same."""
        alike = self.is_met(series.least) == self.is_met(series.most)
        return alike or self.most is not None

    def __str__(self):
        unit = f" {self.unit}" if self.unit else ""
        most = "" if self.most is None else f", maximum {self.most}{unit}"
        return f"{self.sign} {self.limit}{unit}{most}"


AIMS = {
    ("bulk", "nng"): Aim("<=", 1.3, size=100_000_000),
    ("bulk", "awk"): Aim(">=", 20, size=100_000_000),
    ("batch", "nng"): Aim(">=", 10, size=1_000_000),
    ("batch-deep", "nng"): Aim(">=", 5, size=1_000_000),
    ("single", "nng"): Aim("<=", 1.5),
    ("hops", "nng"): Aim("<=", 1.2),
    ("create-root", "nng"): Aim("<=", 1.5),
    ("create-tree", "nng"): Aim("<=", 1.6),
    ("crowd", "all"): Aim("<=", 1.5, size=1000),
    ("crowd-chain", "one"): Aim("<=", 2, size=1000),
    ("pingall-1000", None): Aim("<=", 30, unit="ms", size=1000),
    ("pingall-stopped", None): Aim("<=", 50, unit="ms"),
    ("stop", None): Aim("<=", 10, unit="ms", most=50),
    ("kill9", None): Aim("<=", 3, unit="ms"),
    ("memory", None): Aim("<=", 0.7, unit="MB", size=1000),
}
