"""The recipe language: loading, checking, locking."""

from factory.recipe.load import LoadedRecipe, load
from factory.recipe.problems import Place, Problem, RecipeError
from factory.recipe.schema import DatasetSpec, ModelSpec, Recipe

__all__ = ["DatasetSpec", "LoadedRecipe", "ModelSpec", "Place", "Problem", "Recipe", "RecipeError", "load"]
