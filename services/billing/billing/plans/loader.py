"""Reads plans and the budget from the files beside the institution's."""

from pathlib import Path

from billing.plans.budget import Budget
from billing.plans.models import Plan
from ventanilla.checked_yaml import ConfigError, load_checked


def plans_folder(config: Path) -> Path:
    """The folder of plans that belongs to an institution's file."""
    return config.parent / "plans"


def load_plan(path: Path) -> Plan:
    """One plan. Raises `ConfigError` with every problem: file, line, path, what is wrong, what to do."""
    plan = load_checked(path, Plan)
    if plan.id != path.stem:
        raise ConfigError([f"{path}:1: id: it is {plan.id!r}; name it {path.stem!r}, as the file"])
    return plan


def load_plans(folder: Path) -> dict[str, Plan]:
    """Every plan of a folder, in order of their ids. Raises `ConfigError` with the problems of all."""
    found: dict[str, Plan] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            plan = load_plan(path)
            found[plan.id] = plan
        except ConfigError as error:
            problems += error.problems
    if not found and not problems:
        problems.append(f"{folder}: no plan is there; add one, such as movistar.yaml")
    if problems:
        raise ConfigError(problems)
    return found


def load_budget(path: Path, plans: dict[str, Plan]) -> Budget:
    """The budget. Raises `ConfigError`, also when it names no plan of ours or is in another currency."""
    budget = load_checked(path, Budget)
    plan = plans.get(budget.plan)
    if plan is None:
        raise ConfigError(
            [f"{path}: plan: no plan is named {budget.plan!r}; use {' or '.join(plans)}, or add its file"]
        )
    if plan.currency != budget.currency:
        raise ConfigError(
            [f"{path}: currency: plan {plan.id} is in {plan.currency}; give the budget in {plan.currency}"]
        )
    return budget
