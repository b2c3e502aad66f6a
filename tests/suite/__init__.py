"""The whole test suite as one run: which programs there are, running them, and what they must not leave behind."""
