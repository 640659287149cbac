"""factory: declare datasets and models in a recipe, plan, publish to the Hub."""

__version__ = "0.1.0"
