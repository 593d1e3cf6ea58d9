"""What deploy/ says is what the program takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings

DEPLOY = Path(__file__).parent.parent / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return told


def test_every_setting_named_is_one(compose: dict[str, Any]) -> None:
    named = set(compose["services"]["bot"]["environment"])
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    named |= set(re.findall(r"^#?(ATTUNE_\w+)=", example, re.MULTILINE))
    fields = {f"ATTUNE_{name.upper()}" for name in Settings.model_fields}
    assert named
    assert named <= fields


def test_every_variable_that_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert asked == {name for name in asked if re.search(rf"^#?{name}=", example, re.MULTILINE)}


def test_the_bot_waits_for_its_database_and_nobody_is_let_in(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["bot"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert not any("ports" in service for service in services.values())
    assert set(services["vllm"]["profiles"]) == {"llm"}


def test_the_image_holds_all_that_the_wheel_is_made_of() -> None:
    kept = set(
        re.findall(r"^!(\S+)", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    )
    project = (DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8")
    wheel = re.search(r"only-include = \[(.*?)\]", project)
    assert wheel is not None
    assert set(re.findall(r'"(.*?)"', wheel[1])) | {"alembic", "README.md"} <= kept
    assert all((DEPLOY.parent / name).exists() for name in kept)
