"""What goes wrong at TradingView, at random: each fault ends by itself or with the round."""

COUNTED = (
    "lost_answers", "silent_ok", "late_errors", "dropped_requests", "errors_500", "pages_502",
    "pages_400", "challenges", "redirects", "logged_out_pages", "truncated", "cut_json", "too_many",
)  # fmt: skip
# Positions in which TradingView may be anyway; a correct client gets its result in each.
HABITS = (
    ("add_existing", "ok, unchanged"), ("add_existing", "ok, changed"), ("modify_absent", "404"),
    ("remove_absent", "ok"), ("remove_absent", "422"), ("lifetime_as", "null"), ("filter", "contains"),
    ("filter", "everybody"), ("max_limit", 10), ("short_pages", True), ("read_delay", 0.5),
    ("read_delay", 3.0), ("exact_spelling", True), ("hint_has_id", False), ("last_page", "empty"),
    ("logged_out_answer", "401"), ("coins_refuse", True), ("rotations", 3), ("modify_status", "null"),
)  # fmt: skip


class Faults:
    """Turns TradingView's switches, and counts what was turned."""

    def __init__(self, switches, rng, counts):
        self.switches, self.rng, self.counts = switches, rng, counts

    def strike(self):
        """One more thing goes wrong."""
        kind = self.rng.choices(
            ("counted", "down", "hang", "login", "habit", "lift"), (10, 2, 2, 1, 4, 4)
        )[0]
        self.counts["faults"] += kind != "lift"
        if kind == "counted":
            name, times = self.rng.choice(COUNTED), self.rng.randint(1, 4)
            if name == "too_many":
                self.switches.retry_after = self.rng.choice((0.0, 2.0, 30.0))
            setattr(self.switches, name, times)
        elif kind == "down":
            self.switches.down_how = self.rng.choice(("500", "502 page"))
            self.switches.down = True
        elif kind == "hang":
            self.switches.hang_lands = self.rng.random() < 0.5
            self.switches.hang = True
        elif kind == "login":
            self.switches.login_ends = 1
        elif kind == "habit":
            self.switches.set(*self.rng.choice(HABITS))
        else:
            self.switches.down = self.switches.hang = False

    def clear(self):
        """TradingView is well again."""
        self.switches.reset()
