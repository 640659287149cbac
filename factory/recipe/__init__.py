"""The recipe language: loading, checking, locking."""

from factory.recipe.load import LoadedRecipe, load
from factory.recipe.schema import DatasetSpec, ModelSpec, Recipe
from factory.recipe.source import Place, Problem, RecipeError

__all__ = ["DatasetSpec", "LoadedRecipe", "ModelSpec", "Place", "Problem", "Recipe", "RecipeError", "load"]
