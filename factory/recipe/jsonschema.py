"""The recipe language as a JSON Schema: editors complete and check recipes with it."""

from typing import Any

from pydantic.json_schema import models_json_schema

from factory.evaluate.suites import suites
from factory.recipe.schema import Recipe
from factory.step.base import Step
from factory.steps import verbs


def recipe_schema() -> dict[str, Any]:
    """Schema of a recipe file, verbs and suites included."""
    steps, evaluations = verbs(), suites()
    classes = [*steps.values(), *evaluations.values()]
    keys, definitions = models_json_schema([(cls, "validation") for cls in [Recipe, *classes]])
    reference = {cls: keys[(cls, "validation")] for cls in [Recipe, *classes]}
    schema = dict(definitions["$defs"])
    for section, kind in (("DatasetSpec", "dataset"), ("ModelSpec", "model")):
        calls = [_call(name, cls, reference) for name, cls in steps.items() if cls.produces == kind]
        schema[section]["properties"]["steps"]["items"] = {"oneOf": calls}
    top = schema.pop(reference[Recipe]["$ref"].rsplit("/", 1)[-1])
    top["properties"]["evaluate"]["additionalProperties"] = {
        "anyOf": [
            {"allOf": [{"properties": {"suite": {"const": name}}}, _open(schema, reference[cls])]}
            for name, cls in evaluations.items()
        ]
    }
    top["required"] = ["recipe"]  # a part that others include has no name, language or hub
    top["properties"]["env"] = {"type": ["object", "array"], "description": "variables that ${NAME} may use"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": schema}


def _call(name: str, cls: type[Step], reference: dict[Any, Any]) -> dict[str, Any]:
    call = {
        "type": "object",
        "properties": {name: {"anyOf": [reference[cls], {"type": "null"}]}},
        "required": [name],
        "additionalProperties": False,
        "description": (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else "",
    }
    needs_nothing = not any(field.is_required() for field in cls.model_fields.values())
    return {"oneOf": [call, {"const": name}]} if needs_nothing else call


def _open(schema: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    """A suite's own schema, which must also let the `suite` key through."""
    own = dict(schema[reference["$ref"].rsplit("/", 1)[-1]])
    own["properties"] = {**own["properties"], "suite": {"type": "string"}}
    return own
