"""CAMEL-Bench: its sets, how it asks, and how it scores, as published and clean."""
