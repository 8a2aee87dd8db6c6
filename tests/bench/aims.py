"""The aims: how far banyan may be from each yardstick, and at what size that is to be judged.

An aim belongs to a row and to one of its yardsticks, or, with None for the yardstick, to the row's
own figure. This is the only table of them; everything else that is printed is measured.
"""


class Aim:
    def __init__(self, sign, limit, unit="", size=None):
        self.sign, self.limit, self.unit, self.size = sign, limit, unit, size

    def is_met(self, value):
        return value <= self.limit if self.sign == "<=" else value >= self.limit

    def __str__(self):
        return f"{self.sign} {self.limit}{' ' if self.unit else ''}{self.unit}"


AIMS = {
    ("bulk", "nng"): Aim("<=", 1.3, size=100_000_000),
    ("bulk", "awk"): Aim(">=", 20, size=100_000_000),
    ("batch", "nng"): Aim(">=", 10, size=1_000_000),
    ("batch-deep", "nng"): Aim(">=", 5, size=1_000_000),
    ("single", "nng"): Aim("<=", 1.5),
    ("hops", "nng"): Aim("<=", 1.2),
    ("create-root", "nng"): Aim("<=", 2),
    ("create-tree", "nng"): Aim("<=", 2),
    ("crowd", None): Aim("<=", 5, unit="s", size=1000),
    ("pingall-1000", None): Aim("<=", 50, unit="ms", size=1000),
    ("memory", None): Aim("<=", 0.7, unit="MB", size=1000),
}
