"""The bot of the case, made once for all tests: training it takes a second."""

from pathlib import Path

import pytest

from bot.domain.assistant import Assistant
from bot.knowledge import FactBase, load_facts
from bot.texts import Texts
from bot.understanding.classifier import LinearUnderstander, load_understander
from ventanilla.checked_yaml import load_checked
from ventanilla.institution import Institution, load_institution

CONFIG = Path(__file__).parents[3] / "deploy" / "config"


@pytest.fixture(scope="session")
def institution() -> Institution:
    return load_institution(CONFIG / "cnr.yaml")


@pytest.fixture(scope="session")
def texts() -> Texts:
    return load_checked(CONFIG / "language" / "es-SV" / "texts.yaml", Texts)


@pytest.fixture(scope="session")
def understander() -> LinearUnderstander:
    return load_understander(CONFIG / "language" / "es-SV")


@pytest.fixture(scope="session")
def knowledge(institution: Institution, understander: LinearUnderstander) -> FactBase:
    return FactBase(load_facts(CONFIG / "knowledge", institution), understander.words)


@pytest.fixture(scope="session")
def assistant(
    institution: Institution, knowledge: FactBase, understander: LinearUnderstander, texts: Texts
) -> Assistant:
    return Assistant(institution, knowledge, understander, texts)
