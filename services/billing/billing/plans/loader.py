"""Reads plans and the budget from the files beside the institution's."""

from pathlib import Path

from billing.plans.budget import Budget
from billing.plans.models import NoPriceError, Plan, Unit
from billing.plans.months import months_between
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
    try:
        for month in months_between(budget.first_month, budget.last_month):
            if plan.period(month).unit is not Unit.SESSION:
                text = f"plan {plan.id} counts messages in {month}; use a plan of sessions"
                raise ConfigError([f"{path}: plan: {text}"])
    except NoPriceError as error:
        raise ConfigError([f"{path}: plan: {error}"]) from None
    return budget


def load_finances(config: Path) -> tuple[Budget, Plan] | None:
    """The budget beside an institution's file and the plan that it pays for; None when there is no budget.

    Raises `ConfigError`.
    """
    path = config.parent / "budget.yaml"
    if not path.exists():
        return None
    plans = load_plans(plans_folder(config))
    budget = load_budget(path, plans)
    return budget, plans[budget.plan]
