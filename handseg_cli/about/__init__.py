"""What this installation is and has: the `doctor` and `show` verbs. No other package needs them."""
