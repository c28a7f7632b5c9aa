"""The door of care at work: save and start plans, see who is next, weigh what came of it, run what is due."""

from regulars.flows.care.feeding import follow, measure, register
from regulars.flows.care.keeping import choices_of_birthday, let_members_choose, set_state
from regulars.flows.care.looking import Ahead, preview, weigh
from regulars.flows.care.passes import carry_out, run_due
from regulars.flows.care.ready_made import (
    ReadyMade,
    install_ready_made,
    install_templates,
    put_plan,
    ready_made,
)

__all__ = [
    "Ahead",
    "ReadyMade",
    "carry_out",
    "choices_of_birthday",
    "follow",
    "install_ready_made",
    "install_templates",
    "let_members_choose",
    "measure",
    "preview",
    "put_plan",
    "ready_made",
    "register",
    "run_due",
    "set_state",
    "weigh",
]
